// Clamp on vectors, compiled once for each instruction set by those who include it.

#if defined(NETSUKE_KERNELS_CLAMP_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef NETSUKE_KERNELS_CLAMP_INL_H_
#undef NETSUKE_KERNELS_CLAMP_INL_H_
#else
#define NETSUKE_KERNELS_CLAMP_INL_H_
#endif

#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace netsuke::kernels::HWY_NAMESPACE {

/// `value` where it is within the limits, or no number: of two operands x86 gives the second where either is
/// NaN, so the order matters. A result that has become NaN must not look like a number to those who read it.
template <class V>
HWY_INLINE V limited(V value, V low, V high) {
  return hwy::HWY_NAMESPACE::Min(high, hwy::HWY_NAMESPACE::Max(low, value));
}

}  // namespace netsuke::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
