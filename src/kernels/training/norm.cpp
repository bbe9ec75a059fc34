#include "kernels/training/norm.h"

#include "kernels/simd.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/training/norm.cpp"
#include <hwy/foreach_target.h>
// Must come after foreach_target.h.
#include "kernels/training/bf16-inl.h"
#include "kernels/training/rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace netsuke::kernels::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

using bf16::load;
using bf16::store;
using rows::add_to;
using rows::each;

template <class D, class T>
HWY_INLINE hn::Vec<D> centred(D d, const NormRows& rows, const T* x, size_t j) {
  return hn::Sub(load(d, x), hn::LoadU(d, rows.mean + j));
}

template <class D>
HWY_INLINE hn::Vec<D> scaled(D d, const NormRows& rows, hn::Vec<D> from_mean, size_t j) {
  return hn::MulAdd(hn::LoadU(d, rows.scale + j), from_mean, hn::LoadU(d, rows.shift + j));
}

/// g of the formulas.
template <class D, class T>
HWY_INLINE hn::Vec<D> passed(D d, const NormRows& rows, hn::Vec<D> from_mean, const T* dy, size_t j) {
  const auto gradient = load(d, dy);
  if (!rows.relu) return gradient;
  return hn::IfThenElseZero(hn::Gt(scaled(d, rows, from_mean, j), hn::Zero(d)), gradient);
}

template <class T>
HWY_INLINE void moments(const NormRows& rows, const T* x, size_t count, float* sums, float* squares) {
  each(rows.row, count, [&](auto d, size_t i, size_t j) {
    const auto v = centred(d, rows, x + i, j);
    add_to(d, sums + j, v);
    hn::StoreU(hn::MulAdd(v, v, hn::LoadU(d, squares + j)), d, squares + j);
  });
}

template <class T>
HWY_INLINE void apply(const NormRows& rows, const T* x, size_t count, T* y) {
  each(rows.row, count, [&](auto d, size_t i, size_t j) {
    const auto v = scaled(d, rows, centred(d, rows, x + i, j), j);
    store(d, rows.relu ? bf16::rectified(d, v) : v, y + i);
  });
}

template <class T>
HWY_INLINE void gradient_sums(const NormRows& rows, const T* x, const T* dy, size_t count, float* sums,
                              float* products) {
  each(rows.row, count, [&](auto d, size_t i, size_t j) {
    const auto v = centred(d, rows, x + i, j), g = passed(d, rows, v, dy + i, j);
    add_to(d, sums + j, g);
    hn::StoreU(hn::MulAdd(g, v, hn::LoadU(d, products + j)), d, products + j);
  });
}

template <class T>
HWY_INLINE void gradient(const NormRows& rows, const float* slope, const float* offset, const T* x,
                         const T* dy, size_t count, T* dx) {
  each(rows.row, count, [&](auto d, size_t i, size_t j) {
    const auto v = centred(d, rows, x + i, j), g = passed(d, rows, v, dy + i, j);
    const auto rest = hn::MulAdd(hn::LoadU(d, slope + j), v, hn::LoadU(d, offset + j));
    store(d, hn::MulAdd(hn::LoadU(d, rows.scale + j), g, rest), dx + i);
  });
}

void moments_fp32(const NormRows& rows, const float* x, size_t count, float* sums, float* squares) {
  moments(rows, x, count, sums, squares);
}
void moments_bf16(const NormRows& rows, const Bf16* x, size_t count, float* sums, float* squares) {
  moments(rows, x, count, sums, squares);
}
void apply_fp32(const NormRows& rows, const float* x, size_t count, float* y) { apply(rows, x, count, y); }
void apply_bf16(const NormRows& rows, const Bf16* x, size_t count, Bf16* y) { apply(rows, x, count, y); }
void gradient_sums_fp32(const NormRows& rows, const float* x, const float* dy, size_t count, float* sums,
                        float* products) {
  gradient_sums(rows, x, dy, count, sums, products);
}
void gradient_sums_bf16(const NormRows& rows, const Bf16* x, const Bf16* dy, size_t count, float* sums,
                        float* products) {
  gradient_sums(rows, x, dy, count, sums, products);
}
void gradient_fp32(const NormRows& rows, const float* slope, const float* offset, const float* x,
                   const float* dy, size_t count, float* dx) {
  gradient(rows, slope, offset, x, dy, count, dx);
}
void gradient_bf16(const NormRows& rows, const float* slope, const float* offset, const Bf16* x,
                   const Bf16* dy, size_t count, Bf16* dx) {
  gradient(rows, slope, offset, x, dy, count, dx);
}

}  // namespace
}  // namespace netsuke::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace netsuke::kernels {

HWY_EXPORT(moments_fp32);
HWY_EXPORT(moments_bf16);
HWY_EXPORT(apply_fp32);
HWY_EXPORT(apply_bf16);
HWY_EXPORT(gradient_sums_fp32);
HWY_EXPORT(gradient_sums_bf16);
HWY_EXPORT(gradient_fp32);
HWY_EXPORT(gradient_bf16);

void norm_moments(const NormRows& rows, const float* x, size_t count, float* sums, float* squares) {
  HWY_DYNAMIC_DISPATCH(moments_fp32)(rows, x, count, sums, squares);
}
void norm_moments(const NormRows& rows, const Bf16* x, size_t count, float* sums, float* squares) {
  HWY_DYNAMIC_DISPATCH(moments_bf16)(rows, x, count, sums, squares);
}
void norm_apply(const NormRows& rows, const float* x, size_t count, float* y) {
  HWY_DYNAMIC_DISPATCH(apply_fp32)(rows, x, count, y);
}
void norm_apply(const NormRows& rows, const Bf16* x, size_t count, Bf16* y) {
  HWY_DYNAMIC_DISPATCH(apply_bf16)(rows, x, count, y);
}
void norm_gradient_sums(const NormRows& rows, const float* x, const float* dy, size_t count, float* sums,
                        float* products) {
  HWY_DYNAMIC_DISPATCH(gradient_sums_fp32)(rows, x, dy, count, sums, products);
}
void norm_gradient_sums(const NormRows& rows, const Bf16* x, const Bf16* dy, size_t count, float* sums,
                        float* products) {
  HWY_DYNAMIC_DISPATCH(gradient_sums_bf16)(rows, x, dy, count, sums, products);
}
void norm_gradient(const NormRows& rows, const float* slope, const float* offset, const float* x,
                   const float* dy, size_t count, float* dx) {
  HWY_DYNAMIC_DISPATCH(gradient_fp32)(rows, slope, offset, x, dy, count, dx);
}
void norm_gradient(const NormRows& rows, const float* slope, const float* offset, const Bf16* x,
                   const Bf16* dy, size_t count, Bf16* dx) {
  HWY_DYNAMIC_DISPATCH(gradient_bf16)(rows, slope, offset, x, dy, count, dx);
}

}  // namespace netsuke::kernels
#endif  // HWY_ONCE
