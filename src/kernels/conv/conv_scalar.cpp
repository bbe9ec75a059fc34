#include "kernels/conv/conv.h"

namespace netsuke::kernels {
namespace {

// The sum under one window; positions outside of the image count as zeros. Unsigned wrap-around makes a
// position left of or above the image a very large one.
float window_sum(const ConvShape& s, const float* weights, const float* image, size_t out_y, size_t out_x) {
  float sum = 0;
  for (size_t c = 0; c < s.channels / s.groups; ++c) {
    for (size_t ky = 0; ky < s.kernel_h; ++ky) {
      for (size_t kx = 0; kx < s.kernel_w; ++kx) {
        const size_t y = out_y * s.stride_h + ky * s.dilation_h - s.pad_top;
        const size_t x = out_x * s.stride_w + kx * s.dilation_w - s.pad_left;
        if (y >= s.height || x >= s.width) continue;
        sum += weights[(c * s.kernel_h + ky) * s.kernel_w + kx] * image[(c * s.height + y) * s.width + x];
      }
    }
  }
  return sum;
}

}  // namespace

void conv2d_scalar(const Convolution& conv, const float* image, float* out, size_t first_pixel,
                   size_t last_pixel) {
  const ConvShape& s = conv.shape;
  const size_t group_outputs = s.out_channels / s.groups, group_channels = s.channels / s.groups;
  for (size_t o = 0; o < s.out_channels; ++o) {
    const float* group_image = image + o / group_outputs * group_channels * s.height * s.width;
    for (size_t pixel = first_pixel; pixel < last_pixel; ++pixel) {
      const float sum =
          window_sum(s, conv.weights + o * s.depth(), group_image, pixel / s.out_width, pixel % s.out_width);
      out[o * s.out_plane() + pixel] = conv.clamp(sum + (conv.bias ? conv.bias[o] : 0.0f));
    }
  }
}

}  // namespace netsuke::kernels
