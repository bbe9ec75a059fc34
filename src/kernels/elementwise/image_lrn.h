// Local response normalisation across the channels of NHWC images (AlexNet, section 3.3).
#pragma once

#include <cstddef>

namespace netsuke::kernels {

struct ImageLrn {
  size_t channels = 0;
  size_t before = 0, after = 0;  ///< channels on either side that count
  float alpha = 0, beta = 0, k = 0;
};

/// y = x / (k + alpha * sum of x^2 over a channel and its neighbours)^beta for the pixels [first, last).
/// Strides are floats between pixels; `in` and `out` must not overlap. A beta of 3/4 is fast.
void image_lrn(const ImageLrn& lrn, const float* in, size_t in_stride, float* out, size_t out_stride,
               size_t first, size_t last);
/// The slow twin.
void image_lrn_scalar(const ImageLrn& lrn, const float* in, size_t in_stride, float* out, size_t out_stride,
                      size_t first, size_t last);

}  // namespace netsuke::kernels
