#include "kernels/binary/binary_weights.h"

#include "kernels/binary/signs.h"
#include "kernels/simd.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/binary/binary_weights.cpp"
#include <hwy/foreach_target.h>
// Must come after foreach_target.h.
#include "kernels/gemm/gemm-inl.h"

HWY_BEFORE_NAMESPACE();
namespace netsuke::kernels::HWY_NAMESPACE {
namespace {

static_assert(kBinaryPanel % kPanelWidth == 0, "a strip belongs to one panel");

size_t strip_width() { return kPanelWidth; }

}  // namespace
}  // namespace netsuke::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include <algorithm>
#include <bit>

#include "kernels/cpu.h"

namespace netsuke::kernels {

HWY_EXPORT(strip_width);

namespace {

bool sees_outside(const ConvShape& s) {
  return s.pad_top || s.pad_left || s.padded_height() > s.height || s.padded_width() > s.width;
}

// `count` bits, at most 32, each `step` behind the one before, from bit `first` on.
uint32_t gather_bits(std::span<const uint64_t> bits, size_t first, size_t step, size_t count) {
  uint64_t word = 0;
  if (step == 1) {
    const size_t at = first % 64;
    word = bits[first / 64] >> at;
    if (at + count > 64) word |= bits[first / 64 + 1] << (64 - at);
    return static_cast<uint32_t>(word & ((uint64_t{1} << count) - 1));
  }
  for (size_t k = 0; k < count; ++k, first += step) word |= (bits[first / 64] >> first % 64 & 1) << k;
  return static_cast<uint32_t>(word);
}

}  // namespace

size_t BinaryWeights::bytes() const {
  return words.size() * sizeof(uint32_t) + tap_ones.size() * sizeof(float) +
         no_signs.size() * sizeof(uint64_t) + no_values.size() * sizeof(float);
}

BinaryWeights pack_binary(const ConvShape& shape, std::span<const uint64_t> bits) {
  BinaryWeights w;
  w.out_channels = shape.out_channels, w.channels = shape.channels;
  w.taps = shape.kernel_h * shape.kernel_w;
  w.width = scalar_only() ? 1 : HWY_DYNAMIC_DISPATCH(strip_width)();
  w.words.resize(w.strips() * w.taps * w.pieces() * w.width, 0);
  if (sees_outside(shape)) {
    w.tap_ones.resize(w.strips() * w.taps * w.width, 0.0f);
    w.no_signs.resize(sign_words(shape.channels), 0);
    w.no_values.resize(shape.channels, 0.0f);
  }
  for (size_t o = 0; o < w.out_channels; ++o) {
    for (size_t tap = 0; tap < w.taps; ++tap) {
      const size_t row = o / w.width * w.taps + tap, lane = o % w.width;
      for (size_t c = 0; c < w.channels; c += 32) {
        const uint32_t word = gather_bits(bits, (o * w.channels + c) * w.taps + tap, w.taps,
                                          std::min<size_t>(32, w.channels - c));
        w.words[(row * w.pieces() + c / 32) * w.width + lane] = word;
        if (!w.tap_ones.empty()) w.tap_ones[row * w.width + lane] += static_cast<float>(std::popcount(word));
      }
    }
  }
  return w;
}

}  // namespace netsuke::kernels
#endif  // HWY_ONCE
