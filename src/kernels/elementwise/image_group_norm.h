// Group normalisation of NHWC images: each group of channels by its own statistics over the whole image.
#pragma once

#include <cstddef>
#include <span>

namespace netsuke::kernels {

struct ImageGroupNorm {
  std::span<const float> scale, shift;  ///< one a channel
  size_t groups = 1;                    ///< that divide the channels
  float epsilon = 0;

  size_t group_channels() const { return scale.size() / groups; }
};

/// Floats that image_group_norm needs at `scratch`.
inline size_t image_group_norm_scratch(size_t channels) { return 2 * channels; }

/// y = scale (x - mean) / sqrt(variance + epsilon) + shift, mean and variance over all pixels of a group's
/// channels, for the groups [first, last) of the image at `in`. Strides are floats between pixels; `in` and
/// `out` may be the same. Plain loops over channels, which compilers turn into vector code on every machine.
void image_group_norm(const ImageGroupNorm& norm, const float* in, size_t in_stride, float* out,
                      size_t out_stride, size_t pixels, size_t first, size_t last, float* scratch);
/// The slow twin, in double precision, of all groups.
void image_group_norm_scalar(const ImageGroupNorm& norm, const float* in, size_t in_stride, float* out,
                             size_t out_stride, size_t pixels);

}  // namespace netsuke::kernels
