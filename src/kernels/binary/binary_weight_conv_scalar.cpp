#include "kernels/binary/binary_weight_conv.h"

namespace netsuke::kernels {
namespace {

// The sum under one window of output channel `o`; positions outside of the image count as zeros. Unsigned
// wrap-around makes a position left of or above the image a very large one.
float window_sum(const ConvShape& s, const BinaryWeights& weights, const ImageArguments& image, size_t o,
                 size_t out_y, size_t out_x) {
  float sum = 0;
  for (size_t ky = 0; ky < s.kernel_h; ++ky) {
    for (size_t kx = 0; kx < s.kernel_w; ++kx) {
      const size_t y = out_y * s.stride_h + ky * s.dilation_h - s.pad_top;
      const size_t x = out_x * s.stride_w + kx * s.dilation_w - s.pad_left;
      if (y >= s.height || x >= s.width) continue;
      const float* pixel = image.in + (y * s.width + x) * image.in_stride;
      for (size_t c = 0; c < s.channels; ++c)
        sum += weights.positive(o, ky * s.kernel_w + kx, c) ? pixel[c] : -pixel[c];
    }
  }
  return sum;
}

}  // namespace

void binary_weight_conv_scalar(const ConvShape& s, const BinaryWeights& weights, const BinaryScale& scale,
                               const ImageArguments& image, const ConvPart& part) {
  const size_t first = part.first_panel * kBinaryPanel,
               last = std::min(part.last_panel * kBinaryPanel, s.out_channels);
  for (size_t pixel = part.first_pixel; pixel < part.last_pixel; ++pixel) {
    for (size_t o = first; o < last; ++o) {
      float y = window_sum(s, weights, image, o, pixel / s.out_width, pixel % s.out_width) * scale.scale[o];
      if (scale.shift) y += scale.shift[o];
      if (image.add) y += image.add[pixel * image.add_stride + o];
      image.out[pixel * image.out_stride + o] = image.clamp(y);
    }
  }
}

}  // namespace netsuke::kernels
