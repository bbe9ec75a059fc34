// Values in registers, looked up by number.

#if defined(NETSUKE_KERNELS_TABLES_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef NETSUKE_KERNELS_TABLES_INL_H_
#undef NETSUKE_KERNELS_TABLES_INL_H_
#else
#define NETSUKE_KERNELS_TABLES_INL_H_
#endif

#include "kernels/gemm/gemm-inl.h"

HWY_BEFORE_NAMESPACE();
namespace netsuke::kernels::HWY_NAMESPACE {

using CodeTag = hn::RebindToSigned<FloatTag>;

// One table, looked up by the low bits of numbers.
#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3
struct Table {
  static constexpr size_t kValues = 2 * kLanes;
  hn::Vec<FloatTag> low, high;

  HWY_INLINE void load(const float* values) {
    low = hn::LoadU(FloatTag(), values), high = hn::LoadU(FloatTag(), values + kLanes);
  }
  // One instruction, which this Highway has no name for.
  HWY_INLINE hn::Vec<FloatTag> at(hn::Vec<CodeTag> code) const {
    return hn::Vec<FloatTag>{_mm512_permutex2var_ps(low.raw, code.raw, high.raw)};
  }
};
inline constexpr size_t kMostTables = 8;
#else
struct Table {
  static constexpr size_t kValues = kLanes;
  hn::Vec<FloatTag> values;

  // Those that g++ makes by itself are not compiled for the target.
  HWY_INLINE Table() {}
  HWY_INLINE void load(const float* from) { values = hn::LoadU(FloatTag(), from); }
  HWY_INLINE hn::Vec<FloatTag> at(hn::Vec<CodeTag> code) const {
    const auto lane = hn::And(code, hn::Set(CodeTag(), static_cast<int32_t>(kLanes) - 1));
    return hn::TableLookupLanes(values, hn::IndicesFromVec(FloatTag(), lane));
  }
};
inline constexpr size_t kMostTables = 4;
#endif

// kCount of them, a power of two. What stands in a number above their bits does not matter.
template <size_t kCount>
struct Tables {
  Table table[kCount];

  HWY_INLINE Tables() {}
  HWY_INLINE void load(const float* values) {
    HWY_UNROLL(8)
    for (size_t t = 0; t < kCount; ++t) table[t].load(values + t * Table::kValues);
  }
  HWY_INLINE hn::Vec<FloatTag> at(hn::Vec<CodeTag> code) const { return look_up<0, kCount>(code); }

 private:
  // In some of them: a bit of the code says in which half.
  template <size_t kFirst, size_t kSome>
  HWY_INLINE hn::Vec<FloatTag> look_up(hn::Vec<CodeTag> code) const {
    if constexpr (kSome == 1) {
      return table[kFirst].at(code);
    } else {
      constexpr size_t kHalf = kSome / 2;
      const auto bit = hn::Set(CodeTag(), static_cast<int32_t>(kHalf * Table::kValues));
      return hn::IfThenElse(hn::RebindMask(FloatTag(), hn::TestBit(code, bit)),
                            look_up<kFirst + kHalf, kHalf>(code), look_up<kFirst, kHalf>(code));
    }
  }
};

}  // namespace netsuke::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // include guard, once a target
