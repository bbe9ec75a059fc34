#include "kernels/binary/binary_conv.h"
#include "kernels/conv/window.h"

namespace netsuke::kernels {
namespace {

// The dot product under one window of output channel `o`; positions outside of the image add nothing.
int window_dot(const ConvShape& s, const BinaryWeights& weights, const uint64_t* in, size_t o, size_t out_y,
               size_t out_x) {
  int dot = 0;
  each_tap_inside(s, out_y, out_x, [&](size_t tap, size_t pixel) {
    const uint64_t* signs = in + pixel * sign_words(s.channels);
    for (size_t c = 0; c < s.channels; ++c) {
      const bool positive = signs[c / 64] >> c % 64 & 1;
      dot += positive == weights.positive(o, tap, c) ? 1 : -1;
    }
  });
  return dot;
}

float finished(const BinaryOutput& output, int dot, size_t pixel, size_t o) {
  float y = static_cast<float>(dot) * output.scale[o];
  if (output.k) y *= output.k[pixel];
  if (output.shift) y += output.shift[o];
  if (output.add) y += output.add[pixel * output.add_stride + o];
  if (output.slope && y < 0) y *= output.slope[o];
  return output.clamp(y);
}

bool sign_of(const BinaryOutput& output, float y, size_t o) {
  if (output.sign_scale) y *= output.sign_scale[o];
  if (output.sign_shift) y += output.sign_shift[o];
  return y >= 0;
}

}  // namespace

void binary_conv_scalar(const ConvShape& s, const BinaryWeights& weights, const uint64_t* in,
                        const BinaryOutput& output, const ConvPart& part) {
  const size_t first = part.first_panel * kBinaryPanel,
               last = std::min(part.last_panel * kBinaryPanel, s.out_channels);
  for (size_t pixel = part.first_pixel; pixel < part.last_pixel; ++pixel) {
    for (size_t o = first; o < last; ++o) {
      const int dot = window_dot(s, weights, in, o, pixel / s.out_width, pixel % s.out_width);
      const float y = finished(output, dot, pixel, o);
      if (output.out) output.out[pixel * output.out_stride + o] = y;
      if (!output.signs) continue;
      uint64_t& word = output.signs[pixel * sign_words(s.out_channels) + o / 64];
      if (o % 64 == 0) word = 0;
      word |= uint64_t{sign_of(output, y, o)} << o % 64;
    }
  }
}

}  // namespace netsuke::kernels
