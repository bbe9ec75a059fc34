#include "kernels/training/sign.h"

#include "kernels/simd.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/training/sign.cpp"
#include <hwy/foreach_target.h>
// Must come after foreach_target.h.
#include "kernels/channels-inl.h"
#include "kernels/training/bf16-inl.h"

HWY_BEFORE_NAMESPACE();
namespace netsuke::kernels::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

template <class T>
HWY_INLINE void apply(const T* HWY_RESTRICT x, size_t count, T* HWY_RESTRICT y) {
  channels::visit(count, [&](auto d, size_t i) {
    const auto one = hn::Set(d, 1.0f);
    bf16::store(d, hn::IfThenElse(hn::Ge(bf16::load(d, x + i), hn::Zero(d)), one, hn::Neg(one)), y + i);
  });
}

template <class T>
HWY_INLINE void gradient(const T* HWY_RESTRICT x, const T* HWY_RESTRICT dy, bool smooth, size_t count,
                         T* HWY_RESTRICT dx) {
  channels::visit(count, [&](auto d, size_t i) {
    const auto one = hn::Set(d, 1.0f), size = hn::Abs(bf16::load(d, x + i)), rest = hn::Sub(one, size);
    const auto g = bf16::load(d, dy + i);
    const auto passed = smooth ? hn::Mul(g, hn::Add(rest, rest)) : g;
    bf16::store(d, hn::IfThenElseZero(hn::Lt(size, one), passed), dx + i);
  });
}

void apply_fp32(const float* x, size_t count, float* y) { apply(x, count, y); }
void apply_bf16(const Bf16* x, size_t count, Bf16* y) { apply(x, count, y); }
void gradient_fp32(const float* x, const float* dy, bool smooth, size_t count, float* dx) {
  gradient(x, dy, smooth, count, dx);
}
void gradient_bf16(const Bf16* x, const Bf16* dy, bool smooth, size_t count, Bf16* dx) {
  gradient(x, dy, smooth, count, dx);
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

void sign_apply(const float* x, size_t count, float* y) { HWY_DYNAMIC_DISPATCH(apply_fp32)(x, count, y); }
void sign_apply(const Bf16* x, size_t count, Bf16* y) { HWY_DYNAMIC_DISPATCH(apply_bf16)(x, count, y); }
void sign_gradient(const float* x, const float* dy, bool smooth, size_t count, float* dx) {
  HWY_DYNAMIC_DISPATCH(gradient_fp32)(x, dy, smooth, count, dx);
}
void sign_gradient(const Bf16* x, const Bf16* dy, bool smooth, size_t count, Bf16* dx) {
  HWY_DYNAMIC_DISPATCH(gradient_bf16)(x, dy, smooth, count, dx);
}

}  // namespace netsuke::kernels
#endif  // HWY_ONCE
