// Convolutions of which every output channel sees one input channel only (MobileNet, section 3.1).
#pragma once

#include <cstddef>

#include "kernels/aligned.h"
#include "kernels/clamp.h"
#include "kernels/conv/conv.h"

namespace netsuke::kernels {

/// Weights as the depthwise kernels read them: all channels of a position of the window lie together.
struct DepthwiseWeights {
  size_t channels = 0;
  size_t kernel_h = 1, kernel_w = 1;
  size_t stride = 0;   ///< floats between positions: the channels rounded up to whole cache lines
  AlignedFloats taps;  ///< [kernel_h * kernel_w][stride], zeros beyond the channels
  AlignedFloats bias;  ///< [stride], zeros where there is none
};

/// Packs `weights` [channels, 1, kernel_h, kernel_w] and `bias`, one a channel or null. What it returns suits
/// every CPU level.
DepthwiseWeights pack_depthwise(const float* weights, const float* bias, size_t channels, size_t kernel_h,
                                size_t kernel_w);

/// Rows [first_row, last_row) of the output of one NHWC image: out = clamp(in * weights + bias), where
/// groups == channels == out_channels in `shape`. Strides are floats between pixels. `out` must not overlap
/// `in`.
void depthwise(const ConvShape& shape, const DepthwiseWeights& weights, const float* in, size_t in_stride,
               float* out, size_t out_stride, Clamp clamp, size_t first_row, size_t last_row);
/// The slow twin.
void depthwise_scalar(const ConvShape& shape, const DepthwiseWeights& weights, const float* in,
                      size_t in_stride, float* out, size_t out_stride, Clamp clamp, size_t first_row,
                      size_t last_row);

}  // namespace netsuke::kernels
