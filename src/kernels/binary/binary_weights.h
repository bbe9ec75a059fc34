// Weights that are +1 or -1, at one bit each.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "kernels/aligned.h"
#include "kernels/conv/conv.h"

namespace netsuke::kernels {

/// Output channels that threads share an image by where it has few pixels (ConvPart's panels): the signs of
/// so many make one word, so that no two threads write to the same.
inline constexpr size_t kBinaryPanel = 64;

/// Panels of a convolution with binary weights.
constexpr size_t binary_panels(size_t out_channels) {
  return (out_channels + kBinaryPanel - 1) / kBinaryPanel;
}

/// A convolution's binary weights as the kernels read them, for binary and for real input: strips of `width`
/// output channels, of each tap by tap the weights of 32 input channels at a time ("piece"), one 32-bit word
/// an output. So a vector holds as many outputs as it has floats. Bit 0 is the first channel's; 1 means +1.
struct BinaryWeights {
  size_t out_channels = 0, taps = 0, channels = 0;
  size_t width = 1;  ///< depends on the CPU level in use when it was packed
  /// [strips][taps][pieces()][width]; zeros beyond the outputs and the input channels.
  std::vector<uint32_t, AlignedAllocator<uint32_t>> words;
  /// How many of an output's weights of a tap are +1: [strips][taps][width]. Empty where no tap ever lies
  /// beside the image.
  std::vector<float, AlignedAllocator<float>> tap_ones;
  std::vector<uint64_t> no_signs;  ///< a pixel of zeros: what lies beside the image
  AlignedFloats no_values;         ///< the same for real input

  size_t pieces() const { return (channels + 31) / 32; }
  size_t strips() const { return (out_channels + width - 1) / width; }
  size_t panels() const { return binary_panels(out_channels); }
  /// Strips before panel `panel`.
  size_t strips_before(size_t panel) const { return std::min(strips(), panel * kBinaryPanel / width); }
  /// The first word of a strip's tap.
  const uint32_t* strip(size_t index, size_t tap = 0) const {
    return words.data() + (index * taps + tap) * pieces() * width;
  }
  bool positive(size_t output, size_t tap, size_t channel) const {
    return strip(output / width, tap)[channel / 32 * width + output % width] >> channel % 32 & 1;
  }
  /// Bytes of memory that the weights take.
  size_t bytes() const;
};

/// Packs the signs of a convolution with groups == 1: weight i of OIHW in flat order is bit i % 64 of word
/// i / 64; 1 means +1. `bits` holds at least shape.out_channels * shape.depth() of them.
BinaryWeights pack_binary(const ConvShape& shape, std::span<const uint64_t> bits);

}  // namespace netsuke::kernels
