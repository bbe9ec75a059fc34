// Images in another order of their values: NCHW planes to NHWC pixels and back, and channels moved within
// pixels. Strides are floats between pixels; only the pixels [first, last) are touched, so that threads can
// share an image; `out` must not overlap `in`.
#pragma once

#include <cstddef>
#include <cstdint>

namespace netsuke::kernels {

/// out[p * out_stride + c] = in[c * pixels + p].
void to_nhwc(const float* in, size_t channels, size_t pixels, float* out, size_t out_stride, size_t first,
             size_t last);
/// out[c * pixels + p] = in[p * in_stride + c].
void to_nchw(const float* in, size_t in_stride, size_t channels, size_t pixels, float* out, size_t first,
             size_t last);

/// Channel c of every pixel to channel c: what a Concat or a Slice needs that could not be done in place.
void copy_channels(const float* in, size_t in_stride, size_t channels, float* out, size_t out_stride,
                   size_t first, size_t last);
/// The slow twins of the above.
void to_nhwc_scalar(const float* in, size_t channels, size_t pixels, float* out, size_t out_stride,
                    size_t first, size_t last);
void to_nchw_scalar(const float* in, size_t in_stride, size_t channels, size_t pixels, float* out,
                    size_t first, size_t last);
void copy_channels_scalar(const float* in, size_t in_stride, size_t channels, float* out, size_t out_stride,
                          size_t first, size_t last);

/// Channel permutation[c] of every pixel to channel c, `channels` of them. What is named may repeat. A plain
/// loop: gathering vectors are slower on many processors.
void shuffle_channels(const float* in, size_t in_stride, const uint32_t* permutation, size_t channels,
                      float* out, size_t out_stride, size_t first, size_t last);

}  // namespace netsuke::kernels
