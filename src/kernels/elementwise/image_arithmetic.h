// What NHWC images go through value by value. Strides are floats between pixels; only the pixels [first,
// last) are touched. `out` may be an operand, with its stride, but must not overlap one otherwise.
#pragma once

#include <cstddef>

#include "kernels/clamp.h"

namespace netsuke::kernels {

/// out = clamp(scale[c] x + shift[c]) for every channel c: batch normalisation once its statistics are
/// constants.
void image_scale_shift(const float* in, size_t in_stride, size_t channels, const float* scale,
                       const float* shift, Clamp clamp, float* out, size_t out_stride, size_t first,
                       size_t last);
/// out = clamp(a + b).
void add_images(const float* a, size_t a_stride, const float* b, size_t b_stride, size_t channels,
                Clamp clamp, float* out, size_t out_stride, size_t first, size_t last);
/// out = clamp(x where it is positive, else slope[c] x) for every channel c (He 2015, arXiv 1502.01852).
void image_prelu(const float* in, size_t in_stride, size_t channels, const float* slope, Clamp clamp,
                 float* out, size_t out_stride, size_t first, size_t last);
/// The slow twins.
void image_scale_shift_scalar(const float* in, size_t in_stride, size_t channels, const float* scale,
                              const float* shift, Clamp clamp, float* out, size_t out_stride, size_t first,
                              size_t last);
void add_images_scalar(const float* a, size_t a_stride, const float* b, size_t b_stride, size_t channels,
                       Clamp clamp, float* out, size_t out_stride, size_t first, size_t last);

void image_prelu_scalar(const float* in, size_t in_stride, size_t channels, const float* slope, Clamp clamp,
                        float* out, size_t out_stride, size_t first, size_t last);

}  // namespace netsuke::kernels
