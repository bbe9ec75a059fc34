// Transposed convolutions of one image, which make it larger. Of every stride-th row and column of its output
// one is a convolution by some elements of its window (Shi et al., "Is the deconvolution layer the same as a
// convolutional layer?", arXiv 1609.07009), so that nothing is added to memory twice.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "kernels/conv/conv.h"

namespace netsuke::kernels {

/// A transposed convolution's weights, packed once.
struct TransposedConv {
  /// Makes the pixels of every stride-th row and column from one on: a convolution of stride 1.
  struct Phase {
    ConvShape shape;
    ConvWeights weights;
  };
  ConvShape shape;  ///< of the whole; padding is what it leaves out of its output at the top and left
  std::vector<Phase> phases;  ///< by row, then by column that they begin with
  size_t phases_across = 0;   ///< the stride, or as many as the output has columns
};

/// True if the phases' weights and scratch memory are no more than some times what the layer's own are:
/// strides, pads and dilations that no real layer has could make them any number.
bool conv_transpose_fits(const ConvShape& shape);

/// For a shape that fits. `weights` is [channels][out_channels / groups][kernel_h][kernel_w]; `bias` has one
/// value an output channel, or none.
TransposedConv pack_conv_transpose(const ConvShape& shape, const float* weights, std::span<const float> bias);

/// Floats that conv_transpose needs at `scratch`.
size_t conv_transpose_scratch(const TransposedConv& conv);

/// Rows [first_row, last_row) of the output. One thread.
void conv_transpose(const TransposedConv& conv, const ImageArguments& image, size_t first_row,
                    size_t last_row, float* scratch);

/// The slow twin: every output adds up what reaches it, all of the image.
void conv_transpose_scalar(const ConvShape& shape, const float* weights, const float* bias,
                           const ImageArguments& image);

}  // namespace netsuke::kernels
