#include "kernels/elementwise/image_arithmetic.h"

#include "kernels/simd.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/elementwise/image_arithmetic.cpp"
#include <hwy/foreach_target.h>
// Must come after foreach_target.h.
#include "kernels/channels-inl.h"
#include "kernels/clamp-inl.h"

HWY_BEFORE_NAMESPACE();
namespace netsuke::kernels::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

template <class D>
HWY_INLINE hn::Vec<D> clamped(D d, hn::Vec<D> x, Clamp clamp) {
  return limited(x, hn::Set(d, clamp.low), hn::Set(d, clamp.high));
}

void run_image_scale_shift(const float* in, size_t in_stride, size_t channels, const float* scale,
                           const float* shift, Clamp clamp, float* out, size_t out_stride, size_t first,
                           size_t last) {
  for (size_t p = first; p < last; ++p) {
    channels::visit(channels, [&](auto d, size_t c) {
      const auto x = hn::LoadU(d, in + p * in_stride + c);
      const auto scaled = hn::MulAdd(hn::LoadU(d, scale + c), x, hn::LoadU(d, shift + c));
      hn::StoreU(clamped(d, scaled, clamp), d, out + p * out_stride + c);
    });
  }
}

void run_add_images(const float* a, size_t a_stride, const float* b, size_t b_stride, size_t channels,
                    Clamp clamp, float* out, size_t out_stride, size_t first, size_t last) {
  for (size_t p = first; p < last; ++p) {
    channels::visit(channels, [&](auto d, size_t c) {
      const auto sum = hn::Add(hn::LoadU(d, a + p * a_stride + c), hn::LoadU(d, b + p * b_stride + c));
      hn::StoreU(clamped(d, sum, clamp), d, out + p * out_stride + c);
    });
  }
}

void run_image_prelu(const float* in, size_t in_stride, size_t channels, const float* slope, Clamp clamp,
                     float* out, size_t out_stride, size_t first, size_t last) {
  for (size_t p = first; p < last; ++p) {
    channels::visit(channels, [&](auto d, size_t c) {
      const auto x = hn::LoadU(d, in + p * in_stride + c);
      const auto sloped = hn::IfThenElse(hn::Gt(x, hn::Zero(d)), x, hn::Mul(x, hn::LoadU(d, slope + c)));
      hn::StoreU(clamped(d, sloped, clamp), d, out + p * out_stride + c);
    });
  }
}

}  // namespace
}  // namespace netsuke::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include "kernels/cpu.h"

namespace netsuke::kernels {

HWY_EXPORT(run_image_scale_shift);
HWY_EXPORT(run_add_images);
HWY_EXPORT(run_image_prelu);

void image_scale_shift(const float* in, size_t in_stride, size_t channels, const float* scale,
                       const float* shift, Clamp clamp, float* out, size_t out_stride, size_t first,
                       size_t last) {
  if (scalar_only())
    return image_scale_shift_scalar(in, in_stride, channels, scale, shift, clamp, out, out_stride, first,
                                    last);
  HWY_DYNAMIC_DISPATCH(run_image_scale_shift)
  (in, in_stride, channels, scale, shift, clamp, out, out_stride, first, last);
}

void add_images(const float* a, size_t a_stride, const float* b, size_t b_stride, size_t channels,
                Clamp clamp, float* out, size_t out_stride, size_t first, size_t last) {
  if (scalar_only())
    return add_images_scalar(a, a_stride, b, b_stride, channels, clamp, out, out_stride, first, last);
  HWY_DYNAMIC_DISPATCH(run_add_images)
  (a, a_stride, b, b_stride, channels, clamp, out, out_stride, first, last);
}

void image_prelu(const float* in, size_t in_stride, size_t channels, const float* slope, Clamp clamp,
                 float* out, size_t out_stride, size_t first, size_t last) {
  if (scalar_only())
    return image_prelu_scalar(in, in_stride, channels, slope, clamp, out, out_stride, first, last);
  HWY_DYNAMIC_DISPATCH(run_image_prelu)
  (in, in_stride, channels, slope, clamp, out, out_stride, first, last);
}

}  // namespace netsuke::kernels
#endif  // HWY_ONCE
