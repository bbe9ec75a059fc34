// Vectors of floats from floats or bfloat16 numbers in memory, and back; compiled once for each instruction
// set by those who include it.

#if defined(NETSUKE_KERNELS_TRAINING_BF16_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef NETSUKE_KERNELS_TRAINING_BF16_INL_H_
#undef NETSUKE_KERNELS_TRAINING_BF16_INL_H_
#else
#define NETSUKE_KERNELS_TRAINING_BF16_INL_H_
#endif

#include <hwy/highway.h>

#include "kernels/training/bf16.h"

HWY_BEFORE_NAMESPACE();
namespace netsuke::kernels::HWY_NAMESPACE {
namespace bf16 {

namespace hn = hwy::HWY_NAMESPACE;

template <class D>
HWY_INLINE hn::Vec<D> load(D d, const float* from) {
  return hn::LoadU(d, from);
}
template <class D>
HWY_INLINE hn::Vec<D> load(D d, const Bf16* from) {
  const hn::Rebind<uint16_t, D> half;
  const hn::Rebind<uint32_t, D> bits;
  const auto upper = hn::PromoteTo(bits, hn::LoadU(half, reinterpret_cast<const uint16_t*>(from)));
  return hn::BitCast(d, hn::ShiftLeft<16>(upper));
}

template <class D>
HWY_INLINE void store(D d, hn::Vec<D> v, float* to) {
  hn::StoreU(v, d, to);
}
/// Rounded to the nearest, halves to even.
template <class D>
HWY_INLINE void store(D /*d*/, hn::Vec<D> v, Bf16* to) {
  const hn::Rebind<uint16_t, D> half;
  const hn::Rebind<uint32_t, D> bits;
  const hn::Rebind<int32_t, D> whole;
  const auto x = hn::BitCast(bits, v);
  const auto odd = hn::And(hn::ShiftRight<16>(x), hn::Set(bits, 1));
  const auto upper = hn::ShiftRight<16>(hn::Add(x, hn::Add(odd, hn::Set(bits, 0x7FFF))));
  hn::StoreU(hn::DemoteTo(half, hn::BitCast(whole, upper)), half, reinterpret_cast<uint16_t*>(to));
}

/// max(0, v), but what is not a number stays none: a training that diverges must not look well.
template <class D>
HWY_INLINE hn::Vec<D> rectified(D d, hn::Vec<D> v) {
  return hn::IfThenElse(hn::Lt(v, hn::Zero(d)), hn::Zero(d), v);
}

}  // namespace bf16
}  // namespace netsuke::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // include guard, once a target
