// Counts of differing bits, compiled once for each instruction set by those who include it.
//
// A vector's lanes are output channels. Where the processor counts the bits of 32-bit lanes, three
// instructions do 32 bits of each lane. Elsewhere the bytes' counts are added up and made words of rarely:
// with 16-entry table lookups on x86, with `cnt` on ARM. Carry-save adders, which halve the popcounts, are
// slower where popcounts are cheap: a Zen 5 did 1.0 vectors a cycle with them and does 1.3 without.

#if defined(NETSUKE_KERNELS_BINARY_COUNT_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef NETSUKE_KERNELS_BINARY_COUNT_INL_H_
#undef NETSUKE_KERNELS_BINARY_COUNT_INL_H_
#else
#define NETSUKE_KERNELS_BINARY_COUNT_INL_H_
#endif

#include <hwy/highway.h>

#include <cstddef>
#include <cstdint>

HWY_BEFORE_NAMESPACE();
namespace netsuke::kernels::HWY_NAMESPACE {
namespace count {

namespace hn = hwy::HWY_NAMESPACE;

using WordTag = hn::ScalableTag<uint32_t>;
using Words = hn::Vec<WordTag>;

#if HWY_TARGET == HWY_SCALAR || (HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3_DL)

/// Additions after which a sum must be widened.
inline constexpr size_t kMost = SIZE_MAX;

/// Adds the number of bits set in x.
HWY_INLINE Words add_bits(Words sum, Words x) { return hn::Add(sum, hn::PopulationCount(x)); }

/// A sum as one number a lane.
HWY_INLINE Words widened(Words sum) { return sum; }

#else

inline constexpr size_t kMost = 255 / 8;

HWY_INLINE Words add_bits(Words sum, Words x) {
  const WordTag words;
  const hn::Repartition<uint8_t, WordTag> bytes;
  return hn::BitCast(words, hn::Add(hn::BitCast(bytes, sum), hn::PopulationCount(hn::BitCast(bytes, x))));
}

HWY_INLINE Words widened(Words sum) {
  const WordTag d;
  const Words bytes = hn::Set(d, 0x00FF00FFu), low = hn::Set(d, 0xFFFFu);
  const Words pairs = hn::Add(hn::And(sum, bytes), hn::And(hn::ShiftRight<8>(sum), bytes));
  return hn::Add(hn::And(pairs, low), hn::ShiftRight<16>(pairs));
}

#endif

}  // namespace count
}  // namespace netsuke::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // include guard, once a target
