// How the kernels of NHWC images walk over the channels of a pixel, compiled once for each instruction set by
// those who include it. Beside a pixel's channels lie those of another image (see Concat), so vectors that
// reach beyond the last channel are never read or written.

#if defined(NETSUKE_KERNELS_CHANNELS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef NETSUKE_KERNELS_CHANNELS_INL_H_
#undef NETSUKE_KERNELS_CHANNELS_INL_H_
#else
#define NETSUKE_KERNELS_CHANNELS_INL_H_
#endif

#include <hwy/highway.h>

#include <cstddef>

HWY_BEFORE_NAMESPACE();
namespace netsuke::kernels::HWY_NAMESPACE {
namespace channels {

namespace hn = hwy::HWY_NAMESPACE;

using Wide = hn::ScalableTag<float>;
using Four = hn::CappedTag<float, 4>;
using One = hn::CappedTag<float, 1>;

/// Calls work(d, c) for vectors of tag `d` at channels `c` that cover [0, channels) with at least lanes(d) of
/// them. The last vector begins before the end of the one before where the lanes do not divide the channels:
/// what is written must not depend on what was there.
template <class D, class Work>
HWY_INLINE void cover_with(D d, size_t count, const Work& work) {
  const size_t lanes = hn::Lanes(d);
  size_t c = 0;
  for (; c + lanes <= count; c += lanes) work(d, c);
  if (c < count) work(d, count - lanes);
}

/// cover_with the longest vectors that fit.
template <class Work>
HWY_INLINE void cover(size_t count, const Work& work) {
  if (count >= hn::Lanes(Wide())) return cover_with(Wide(), count, work);
  if (count >= hn::Lanes(Four())) return cover_with(Four(), count, work);
  cover_with(One(), count, work);
}

/// Like cover, but every channel is visited once, so that work may be done in place: shorter vectors end it.
template <class Work>
HWY_INLINE void visit(size_t count, const Work& work) {
  size_t c = 0;
  for (; c + hn::Lanes(Wide()) <= count; c += hn::Lanes(Wide())) work(Wide(), c);
  for (; c + hn::Lanes(Four()) <= count; c += hn::Lanes(Four())) work(Four(), c);
  for (; c < count; ++c) work(One(), c);
}

}  // namespace channels
}  // namespace netsuke::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // include guard, once a target
