#include "kernels/training/rectified_sum.h"

#include "kernels/simd.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/training/rectified_sum.cpp"
#include <hwy/foreach_target.h>
// Must come after foreach_target.h.
#include "kernels/channels-inl.h"
#include "kernels/training/bf16-inl.h"

HWY_BEFORE_NAMESPACE();
namespace netsuke::kernels::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

template <class T>
HWY_INLINE void sum(const T* HWY_RESTRICT a, const T* HWY_RESTRICT b, size_t count, T* HWY_RESTRICT y) {
  channels::visit(count, [&](auto d, size_t i) {
    bf16::store(d, bf16::rectified(d, hn::Add(bf16::load(d, a + i), bf16::load(d, b + i))), y + i);
  });
}

template <class T>
HWY_INLINE void gradient(const T* HWY_RESTRICT y, const T* HWY_RESTRICT dy, size_t count,
                         T* HWY_RESTRICT dx) {
  channels::visit(count, [&](auto d, size_t i) {
    const auto positive = hn::Gt(bf16::load(d, y + i), hn::Zero(d));
    bf16::store(d, hn::IfThenElseZero(positive, bf16::load(d, dy + i)), dx + i);
  });
}

void sum_fp32(const float* a, const float* b, size_t count, float* y) { sum(a, b, count, y); }
void sum_bf16(const Bf16* a, const Bf16* b, size_t count, Bf16* y) { sum(a, b, count, y); }
void gradient_fp32(const float* y, const float* dy, size_t count, float* dx) { gradient(y, dy, count, dx); }
void gradient_bf16(const Bf16* y, const Bf16* dy, size_t count, Bf16* dx) { gradient(y, dy, count, dx); }

}  // namespace
}  // namespace netsuke::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace netsuke::kernels {

HWY_EXPORT(sum_fp32);
HWY_EXPORT(sum_bf16);
HWY_EXPORT(gradient_fp32);
HWY_EXPORT(gradient_bf16);

void rectified_sum(const float* a, const float* b, size_t count, float* y) {
  HWY_DYNAMIC_DISPATCH(sum_fp32)(a, b, count, y);
}
void rectified_sum(const Bf16* a, const Bf16* b, size_t count, Bf16* y) {
  HWY_DYNAMIC_DISPATCH(sum_bf16)(a, b, count, y);
}
void rectified_gradient(const float* y, const float* dy, size_t count, float* dx) {
  HWY_DYNAMIC_DISPATCH(gradient_fp32)(y, dy, count, dx);
}
void rectified_gradient(const Bf16* y, const Bf16* dy, size_t count, Bf16* dx) {
  HWY_DYNAMIC_DISPATCH(gradient_bf16)(y, dy, count, dx);
}

}  // namespace netsuke::kernels
#endif  // HWY_ONCE
