// Convolutions of real images with binary weights (BWN: Rastegari et al. 2016, arXiv 1603.05279,
// section 3.1).
#pragma once

#include <cstddef>

#include "kernels/binary/binary_weights.h"
#include "kernels/conv/conv.h"

namespace netsuke::kernels {

/// What a filter's sum is multiplied by and what is added to it: one of each an output channel.
struct BinaryScale {
  const float* scale = nullptr;  ///< alpha of the paper
  const float* shift = nullptr;  ///< or null: 0
};

/// Floats that binary_weight_conv needs at `scratch`.
size_t binary_weight_conv_scratch(const ConvShape& shape);

/// One NHWC image, groups == 1: out = clamp(scale[o] * (sum of +x or -x) + shift[o] + add) (equation 1). The
/// weights stay at one bit; inputs are added and subtracted, and nothing is multiplied but the sums. `part`
/// counts panels of kBinaryPanel output channels; threads that share an image each need their scratch.
void binary_weight_conv(const ConvShape& shape, const BinaryWeights& weights, const BinaryScale& scale,
                        const ImageArguments& image, const ConvPart& part, float* scratch);
/// The slow twin: loops over the weights one by one.
void binary_weight_conv_scalar(const ConvShape& shape, const BinaryWeights& weights, const BinaryScale& scale,
                               const ImageArguments& image, const ConvPart& part);

}  // namespace netsuke::kernels
