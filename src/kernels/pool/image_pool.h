// Pooling of NHWC images. Strides are floats between pixels; `out` must not overlap `in`.
#pragma once

#include <cstddef>

namespace netsuke::kernels {

/// Windows may hang over every edge; what lies outside of the plane never wins and adds nothing.
struct PoolShape {
  size_t height = 0, width = 0;
  size_t out_height = 0, out_width = 0;
  size_t kernel_h = 1, kernel_w = 1;
  size_t stride_h = 1, stride_w = 1;
  size_t pad_top = 0, pad_left = 0, pad_bottom = 0, pad_right = 0;
  bool count_pad = false;  ///< of averages: padding (but not what lies beyond it) counts as zeros
};

/// Rows [first_row, last_row) of the output of one image.
void image_max_pool(const PoolShape& shape, size_t channels, const float* in, size_t in_stride, float* out,
                    size_t out_stride, size_t first_row, size_t last_row);
void image_avg_pool(const PoolShape& shape, size_t channels, const float* in, size_t in_stride, float* out,
                    size_t out_stride, size_t first_row, size_t last_row);
/// The slow twins.
void image_max_pool_scalar(const PoolShape& shape, size_t channels, const float* in, size_t in_stride,
                           float* out, size_t out_stride, size_t first_row, size_t last_row);
void image_avg_pool_scalar(const PoolShape& shape, size_t channels, const float* in, size_t in_stride,
                           float* out, size_t out_stride, size_t first_row, size_t last_row);

/// The mean and the largest value of every channel over all pixels, to `channels` floats. Threads share an
/// image by its channels: add the first one to both pointers.
void image_means(const float* in, size_t in_stride, size_t channels, size_t pixels, float* out);
void image_maxima(const float* in, size_t in_stride, size_t channels, size_t pixels, float* out);
/// The slow twins; the first sums in double.
void image_means_scalar(const float* in, size_t in_stride, size_t channels, size_t pixels, float* out);
void image_maxima_scalar(const float* in, size_t in_stride, size_t channels, size_t pixels, float* out);

}  // namespace netsuke::kernels
