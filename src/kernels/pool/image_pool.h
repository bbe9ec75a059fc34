// Pooling of NHWC images. Strides are floats between pixels; `out` must not overlap `in`.
#pragma once

#include <cstddef>

#include "kernels/pool/pool.h"

namespace netsuke::kernels {

/// Rows [first_row, last_row) of the output of one image. Windows are those of max_pool and avg_pool: what
/// lies outside of the image never wins and adds nothing.
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
