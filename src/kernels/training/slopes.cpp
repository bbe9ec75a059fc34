#include "kernels/training/slopes.h"

#include "kernels/simd.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/training/slopes.cpp"
#include <hwy/foreach_target.h>
// Must come after foreach_target.h.
#include "kernels/training/bf16-inl.h"
#include "kernels/training/rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace netsuke::kernels::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

template <class T>
HWY_INLINE void apply(const float* HWY_RESTRICT slopes, size_t row, const T* HWY_RESTRICT x, size_t count,
                      T* HWY_RESTRICT y) {
  rows::each(row, count, [&](auto d, size_t i, size_t j) {
    const auto v = bf16::load(d, x + i);
    const auto sloped = hn::Mul(hn::LoadU(d, slopes + j), v);
    bf16::store(d, hn::IfThenElse(hn::Gt(v, hn::Zero(d)), v, sloped), y + i);
  });
}

template <class T>
HWY_INLINE void gradient(const float* HWY_RESTRICT slopes, size_t row, const T* HWY_RESTRICT x,
                         const T* HWY_RESTRICT dy, size_t count, T* HWY_RESTRICT dx,
                         float* HWY_RESTRICT sums) {
  rows::each(row, count, [&](auto d, size_t i, size_t j) {
    const auto v = bf16::load(d, x + i), g = bf16::load(d, dy + i);
    const auto positive = hn::Gt(v, hn::Zero(d));
    const auto sloped = hn::Mul(hn::LoadU(d, slopes + j), g);
    bf16::store(d, hn::IfThenElse(positive, g, sloped), dx + i);
    rows::add_to(d, sums + j, hn::IfThenZeroElse(positive, hn::Mul(g, v)));
  });
}

void apply_fp32(const float* slopes, size_t row, const float* x, size_t count, float* y) {
  apply(slopes, row, x, count, y);
}
void apply_bf16(const float* slopes, size_t row, const Bf16* x, size_t count, Bf16* y) {
  apply(slopes, row, x, count, y);
}
void gradient_fp32(const float* slopes, size_t row, const float* x, const float* dy, size_t count, float* dx,
                   float* sums) {
  gradient(slopes, row, x, dy, count, dx, sums);
}
void gradient_bf16(const float* slopes, size_t row, const Bf16* x, const Bf16* dy, size_t count, Bf16* dx,
                   float* sums) {
  gradient(slopes, row, x, dy, count, dx, sums);
}

}  // namespace
}  // namespace netsuke::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace netsuke::kernels {

HWY_EXPORT(apply_fp32);
HWY_EXPORT(apply_bf16);
HWY_EXPORT(gradient_fp32);
HWY_EXPORT(gradient_bf16);

void slopes_apply(const float* slopes, size_t row, const float* x, size_t count, float* y) {
  HWY_DYNAMIC_DISPATCH(apply_fp32)(slopes, row, x, count, y);
}
void slopes_apply(const float* slopes, size_t row, const Bf16* x, size_t count, Bf16* y) {
  HWY_DYNAMIC_DISPATCH(apply_bf16)(slopes, row, x, count, y);
}
void slopes_gradient(const float* slopes, size_t row, const float* x, const float* dy, size_t count,
                     float* dx, float* sums) {
  HWY_DYNAMIC_DISPATCH(gradient_fp32)(slopes, row, x, dy, count, dx, sums);
}
void slopes_gradient(const float* slopes, size_t row, const Bf16* x, const Bf16* dy, size_t count, Bf16* dx,
                     float* sums) {
  HWY_DYNAMIC_DISPATCH(gradient_bf16)(slopes, row, x, dy, count, dx, sums);
}

}  // namespace netsuke::kernels
#endif  // HWY_ONCE
