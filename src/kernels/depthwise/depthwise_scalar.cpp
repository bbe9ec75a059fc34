#include "kernels/depthwise/depthwise.h"

#include "kernels/conv/window.h"

namespace netsuke::kernels {
namespace {

// The sum under one window; positions outside of the image count as zeros.
float window_sum(const ConvShape& s, const DepthwiseWeights& weights, const float* in, size_t in_stride,
                 size_t out_y, size_t out_x, size_t c) {
  float sum = 0;
  each_tap_inside(s, out_y, out_x, [&](size_t tap, size_t pixel) {
    sum += weights.taps[tap * weights.stride + c] * in[pixel * in_stride + c];
  });
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
