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

/// `value` where it is within the limits, or no number. A result that has become NaN must not look like a
/// number to those who read it.
template <class V>
HWY_INLINE V limited(V value, V low, V high) {
  namespace hn = hwy::HWY_NAMESPACE;
#if HWY_ARCH_X86
  // Of two operands these give the second where either is NaN, so the order matters.
  return hn::Min(high, hn::Max(low, value));
#else
  // NEON's Max and Min, as Highway takes them, give the operand that is a number; no comparison holds for
  // NaN.
  const V raised = hn::IfThenElse(hn::Lt(value, low), low, value);
  return hn::IfThenElse(hn::Lt(high, raised), high, raised);
#endif
}

}  // namespace netsuke::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
