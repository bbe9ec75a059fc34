#include "kernels/elementwise/image_lrn.h"

#include <algorithm>
#include <cmath>

#include "kernels/simd.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/elementwise/image_lrn.cpp"
#include <hwy/foreach_target.h>
// Must come after foreach_target.h.
#include "kernels/channels-inl.h"

HWY_BEFORE_NAMESPACE();
namespace netsuke::kernels::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

// Channels at a time; their squares and those of their neighbours fit a small array.
inline constexpr size_t kBlock = 256;
inline constexpr size_t kMostNeighbours = 64;

// sums^-beta. AlexNet's power, 3/4, is made of square roots, for which processors have vector code.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V divide_by_power(D d, V x, V sums, float beta) {
  if (beta == 0.75f) {
    const V root = hn::Sqrt(sums);
    return hn::Div(x, hn::Mul(root, hn::Sqrt(root)));
  }
  float powers[hn::MaxLanes(D())];
  hn::StoreU(sums, d, powers);
  for (size_t i = 0; i < hn::Lanes(d); ++i) powers[i] = std::pow(powers[i], beta);
  return hn::Div(x, hn::LoadU(d, powers));
}

// The squares of channels [start - before, start + count + after), zeros where there are none.
inline void fill_squares(const ImageLrn& lrn, const float* HWY_RESTRICT x, size_t start, size_t count,
                         float* HWY_RESTRICT squares) {
  const size_t first = start - std::min(start, lrn.before);
  const size_t last = std::min(start + count + lrn.after, lrn.channels);
  float* const end = squares + lrn.before + count + lrn.after;
  squares = std::fill_n(squares, lrn.before - (start - first), 0.0f);
  channels::visit(last - first, [&](auto d, size_t c) {
    const auto value = hn::LoadU(d, x + first + c);
    hn::StoreU(hn::Mul(value, value), d, squares + c);
  });
  std::fill(squares + (last - first), end, 0.0f);
}

void run_image_lrn(const ImageLrn& lrn, const float* in, size_t in_stride, float* out, size_t out_stride,
                   size_t first, size_t last) {
  float squares[kBlock + kMostNeighbours];
  const size_t neighbours = lrn.before + lrn.after;
  for (size_t p = first; p < last; ++p) {
    for (size_t start = 0; start < lrn.channels; start += kBlock) {
      const size_t count = std::min(kBlock, lrn.channels - start);
      fill_squares(lrn, in + p * in_stride, start, count, squares);
      const float* HWY_RESTRICT x = in + p * in_stride + start;
      float* HWY_RESTRICT y = out + p * out_stride + start;
      channels::cover(count, [&](auto d, size_t c) {
        auto sum = hn::LoadU(d, squares + c);
        for (size_t i = 1; i <= neighbours; ++i) sum = hn::Add(sum, hn::LoadU(d, squares + c + i));
        sum = hn::MulAdd(hn::Set(d, lrn.alpha), sum, hn::Set(d, lrn.k));
        hn::StoreU(divide_by_power(d, hn::LoadU(d, x + c), sum, lrn.beta), d, y + c);
      });
    }
  }
}

}  // namespace
}  // namespace netsuke::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include "kernels/cpu.h"

namespace netsuke::kernels {

HWY_EXPORT(run_image_lrn);

void image_lrn(const ImageLrn& lrn, const float* in, size_t in_stride, float* out, size_t out_stride,
               size_t first, size_t last) {
  // Few have so many neighbours; for those who do the result counts, not the time.
  constexpr size_t kMost = HWY_NAMESPACE::kMostNeighbours / 2;
  if (scalar_only() || lrn.before > kMost || lrn.after > kMost)
    return image_lrn_scalar(lrn, in, in_stride, out, out_stride, first, last);
  HWY_DYNAMIC_DISPATCH(run_image_lrn)(lrn, in, in_stride, out, out_stride, first, last);
}

}  // namespace netsuke::kernels
#endif  // HWY_ONCE
