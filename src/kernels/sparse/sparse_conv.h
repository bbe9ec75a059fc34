// Convolutions whose weights are mostly zeros, vectorised over space.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "kernels/aligned.h"
#include "kernels/clamp.h"
#include "kernels/conv/conv.h"

namespace netsuke::kernels {

/// Rows of a block: with a tile of 64 pixels they take 32 KB, which is a first-level cache. Fewer rows mean
/// fewer weights for which an output's sums are loaded.
inline constexpr size_t kSparseBlockRows = 128;

/// The kept weights of a convolution as its kernel reads them. An output of a group is a sum over depth()
/// rows of the matrix that the input is seen as (tap by tap, channel by channel); these are cut into blocks
/// of kSparseBlockRows. An output's weights within a block are a list. A weight takes five bytes.
struct SparseConvWeights {
  size_t blocks = 0;  ///< blocks a group
  std::vector<uint32_t>
      outputs;  ///< [groups, blocks, outputs a group]: which of its group's a list belongs to
  std::vector<uint32_t> starts;  ///< where a list begins, and where the last one ends
  std::vector<uint8_t> rows;     ///< a weight's row within its block
  AlignedFloats values;          ///< a weight's value
  AlignedFloats bias;            ///< one an output channel, zeros where there is none

  /// Bytes of memory that the weights take.
  size_t bytes() const;
};

/// Packs the kept weights: values[i] lies at positions[i] of OIHW with I = channels / groups; positions
/// ascend. Shared values are looked up first. `bias` has one value an output channel or none.
SparseConvWeights pack_sparse_conv(const ConvShape& shape, std::span<const uint32_t> positions,
                                   std::span<const float> values, std::span<const float> bias);

/// Floats that sparse_conv needs at `scratch`.
size_t sparse_conv_scratch(const ConvShape& shape);

/// Parts that an image is computed in, some output pixels each, counted row by row. Their number depends on
/// the CPU level in use.
size_t sparse_conv_tiles(const ConvShape& shape);

/// One image [height, width, channels] to [out_height, out_width, out_channels]. Only the tiles in
/// [first_tile, last_tile) are computed, so that threads can share an image; each needs its own `scratch`.
void sparse_conv(const ConvShape& shape, const SparseConvWeights& weights, const ImageArguments& image,
                 size_t first_tile, size_t last_tile, float* scratch);
/// The slow twin: pixel by pixel, weight by weight, all of the image.
void sparse_conv_scalar(const ConvShape& shape, const SparseConvWeights& weights,
                        const ImageArguments& image);

}  // namespace netsuke::kernels
