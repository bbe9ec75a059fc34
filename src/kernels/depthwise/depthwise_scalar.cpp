#include "kernels/depthwise/depthwise.h"

namespace netsuke::kernels {
namespace {

// The sum under one window; positions outside of the image count as zeros. Unsigned wrap-around makes a
// position left of or above the image a very large one.
float window_sum(const ConvShape& s, const DepthwiseWeights& weights, const float* in, size_t in_stride,
                 size_t out_y, size_t out_x, size_t c) {
  float sum = 0;
  for (size_t ky = 0; ky < s.kernel_h; ++ky) {
    for (size_t kx = 0; kx < s.kernel_w; ++kx) {
      const size_t y = out_y * s.stride_h + ky * s.dilation_h - s.pad_top;
      const size_t x = out_x * s.stride_w + kx * s.dilation_w - s.pad_left;
      if (y >= s.height || x >= s.width) continue;
      sum +=
          weights.taps[(ky * s.kernel_w + kx) * weights.stride + c] * in[(y * s.width + x) * in_stride + c];
    }
  }
  return sum;
}

}  // namespace

void depthwise_scalar(const ConvShape& shape, const DepthwiseWeights& weights, const float* in,
                      size_t in_stride, float* out, size_t out_stride, Clamp clamp, size_t first_row,
                      size_t last_row) {
  for (size_t y = first_row; y < last_row; ++y)
    for (size_t x = 0; x < shape.out_width; ++x)
      for (size_t c = 0; c < shape.channels; ++c)
        out[(y * shape.out_width + x) * out_stride + c] =
            clamp(window_sum(shape, weights, in, in_stride, y, x, c) + weights.bias[c]);
}

}  // namespace netsuke::kernels
