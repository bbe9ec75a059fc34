// Panels whose weights share values, as vectors of floats.

#if defined(NETSUKE_KERNELS_CODES_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef NETSUKE_KERNELS_CODES_INL_H_
#undef NETSUKE_KERNELS_CODES_INL_H_
#else
#define NETSUKE_KERNELS_CODES_INL_H_
#endif

#include "kernels/gemm/tables-inl.h"

HWY_BEFORE_NAMESPACE();
namespace netsuke::kernels::HWY_NAMESPACE {

/// The same as Floats has, for codes: looked up in kTables tables or, if that is 0, in memory.
template <size_t kTables>
struct Codes {
  static constexpr bool kDecodes = true;

  const uint8_t* codes;
  const float* centroids;
  Tables<std::max<size_t>(kTables, 1)> tables;

  HWY_INLINE Codes(const Panels& b, size_t start)
      : codes(b.codes.data() + start), centroids(b.centroids.data()) {
    if constexpr (kTables > 0) tables.load(centroids);
  }

  HWY_INLINE hn::Vec<FloatTag> at(size_t i) const {
    const auto code = hn::PromoteTo(CodeTag(), hn::LoadU(hn::Rebind<uint8_t, FloatTag>(), codes + i));
    if constexpr (kTables == 0)
      return hn::GatherIndex(FloatTag(), centroids, code);
    else
      return tables.at(code);
  }

  /// The next `count` of them as floats in `buffer`.
  HWY_INLINE const float* block(size_t count, float* buffer) const {
    const FloatTag d;
    for (size_t i = 0; i < count; i += kLanes) hn::Store(at(i), d, buffer + i);
    return buffer;
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
