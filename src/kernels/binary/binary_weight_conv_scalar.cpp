#include "kernels/binary/binary_weight_conv.h"
#include "kernels/conv/window.h"

namespace netsuke::kernels {
namespace {

// The sum under one window of output channel `o`; positions outside of the image count as zeros.
float window_sum(const ConvShape& s, const BinaryWeights& weights, const ImageArguments& image, size_t o,
                 size_t out_y, size_t out_x) {
  float sum = 0;
  each_tap_inside(s, out_y, out_x, [&](size_t tap, size_t pixel) {
    const float* values = image.in + pixel * image.in_stride;
    for (size_t c = 0; c < s.channels; ++c) sum += weights.positive(o, tap, c) ? values[c] : -values[c];
  });
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
