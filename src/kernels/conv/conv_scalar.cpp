#include "kernels/conv/conv.h"

namespace netsuke::kernels {
namespace {

// Where channel c of the input lies.
size_t place(const ConvShape& s, size_t c) {
  return c % s.shuffle * (s.channels / s.shuffle) + c / s.shuffle;
}

// The sum under one window of output channel `o`; positions outside of the image count as zeros. Unsigned
// wrap-around makes a position left of or above the image a very large one.
float window_sum(const ConvShape& s, const float* weights, const ImageArguments& image, size_t o,
                 size_t out_y, size_t out_x) {
  const size_t inputs = s.channels / s.groups, first = o / (s.out_channels / s.groups) * inputs;
  float sum = 0;
  for (size_t c = 0; c < inputs; ++c) {
    for (size_t ky = 0; ky < s.kernel_h; ++ky) {
      for (size_t kx = 0; kx < s.kernel_w; ++kx) {
        const size_t y = out_y * s.stride_h + ky * s.dilation_h - s.pad_top;
        const size_t x = out_x * s.stride_w + kx * s.dilation_w - s.pad_left;
        if (y >= s.height || x >= s.width) continue;
        sum += weights[o * s.depth() + (c * s.kernel_h + ky) * s.kernel_w + kx] *
               image.in[(y * s.width + x) * image.in_stride + place(s, first + c)];
      }
    }
  }
  return sum;
}

}  // namespace

void conv2d_scalar(const ConvShape& s, const float* weights, const float* bias, const ImageArguments& image) {
  for (size_t pixel = 0; pixel < s.out_plane(); ++pixel) {
    for (size_t o = 0; o < s.out_channels; ++o) {
      float value = window_sum(s, weights, image, o, pixel / s.out_width, pixel % s.out_width);
      if (bias) value += bias[o];
      if (image.add) value += image.add[pixel * image.add_stride + o];
      image.out[pixel * image.out_stride + o] = image.clamp(value);
    }
  }
}

}  // namespace netsuke::kernels
