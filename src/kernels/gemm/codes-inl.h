// Panels whose weights share values, as vectors of floats.

#if defined(NETSUKE_KERNELS_CODES_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef NETSUKE_KERNELS_CODES_INL_H_
#undef NETSUKE_KERNELS_CODES_INL_H_
#else
#define NETSUKE_KERNELS_CODES_INL_H_
#endif

#include "kernels/gemm/gemm-inl.h"

HWY_BEFORE_NAMESPACE();
namespace netsuke::kernels::HWY_NAMESPACE {

using CodeTag = hn::RebindToSigned<FloatTag>;

// Values in registers, looked up by the low bits of codes.
#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3
struct Table {
  static constexpr size_t kValues = 2 * kLanes;
  hn::Vec<FloatTag> low, high;

  HWY_INLINE void load(const float* values) {
    low = hn::Load(FloatTag(), values), high = hn::Load(FloatTag(), values + kLanes);
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

  HWY_INLINE void load(const float* from) { values = hn::Load(FloatTag(), from); }
  HWY_INLINE hn::Vec<FloatTag> at(hn::Vec<CodeTag> code) const {
    const auto lane = hn::And(code, hn::Set(CodeTag(), static_cast<int32_t>(kLanes) - 1));
    return hn::TableLookupLanes(values, hn::IndicesFromVec(FloatTag(), lane));
  }
};
inline constexpr size_t kMostTables = 4;
#endif

/// The same as Floats has, for codes: looked up in kTables tables or, if that is 0, in memory.
template <size_t kTables>
struct Codes {
  static constexpr bool kDecodes = true;

  const uint8_t* codes;
  const float* centroids;
  Table tables[std::max<size_t>(kTables, 1)];

  HWY_INLINE Codes(const Panels& b, size_t start)
      : codes(b.codes.data() + start), centroids(b.centroids.data()) {
    HWY_UNROLL(8)
    for (size_t t = 0; t < kTables; ++t) tables[t].load(centroids + t * Table::kValues);
  }

  HWY_INLINE hn::Vec<FloatTag> at(size_t i) const {
    const auto code = hn::PromoteTo(CodeTag(), hn::LoadU(hn::Rebind<uint8_t, FloatTag>(), codes + i));
    if constexpr (kTables == 0)
      return hn::GatherIndex(FloatTag(), centroids, code);
    else
      return look_up<0, kTables>(code);
  }

  /// The next `count` of them as floats in `buffer`.
  HWY_INLINE const float* block(size_t count, float* buffer) const {
    const FloatTag d;
    for (size_t i = 0; i < count; i += kLanes) hn::Store(at(i), d, buffer + i);
    return buffer;
  }

 private:
  // In one of kCount tables: a bit of the code says in which half of them.
  template <size_t kFirst, size_t kCount>
  HWY_INLINE hn::Vec<FloatTag> look_up(hn::Vec<CodeTag> code) const {
    if constexpr (kCount == 1) {
      return tables[kFirst].at(code);
    } else {
      constexpr size_t kHalf = kCount / 2;
      const auto bit = hn::Set(CodeTag(), static_cast<int32_t>(kHalf * Table::kValues));
      return hn::IfThenElse(hn::RebindMask(FloatTag(), hn::TestBit(code, bit)),
                            look_up<kFirst + kHalf, kHalf>(code), look_up<kFirst, kHalf>(code));
    }
  }
};

/// Calls body(kind) with a null pointer to the Codes that fit the panels.
template <size_t kTables = 1, class Body>
HWY_INLINE void with_codes(const Panels& b, Body&& body) {
  constexpr Codes<kTables>* kFitting = nullptr;
  constexpr Codes<0>* kInMemory = nullptr;
  if (b.distinct <= kTables * Table::kValues) return body(kFitting);
  if constexpr (kTables < kMostTables)
    with_codes<2 * kTables>(b, body);
  else
    body(kInMemory);
}

}  // namespace netsuke::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // include guard, once a target
