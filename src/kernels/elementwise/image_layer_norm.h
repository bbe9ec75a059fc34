// Layer normalisation of NHWC images over their channels (ConvNeXt).
#pragma once

#include <cstddef>
#include <span>

namespace netsuke::kernels {

struct ImageLayerNorm {
  std::span<const float> scale, shift;  ///< one a channel
  float epsilon = 0;
};

/// y = scale (x - mean) / sqrt(variance + epsilon) + shift, mean and variance over the channels of a pixel,
/// for the pixels [first, last). Strides are floats between pixels; `in` and `out` may be the same. Plain
/// loops of several sums, which compilers turn into vector code on every machine.
void image_layer_norm(const ImageLayerNorm& norm, const float* in, size_t in_stride, float* out,
                      size_t out_stride, size_t first, size_t last);
/// The slow twin, in double precision.
void image_layer_norm_scalar(const ImageLayerNorm& norm, const float* in, size_t in_stride, float* out,
                             size_t out_stride, size_t first, size_t last);

}  // namespace netsuke::kernels
