// Compiled with optimisation but without vectorisation (see CMakeLists.txt): one multiplication at a time.
#include "scalar_conv.h"

#include <algorithm>

namespace netsuke::bench {
namespace {

void im2col(const kernels::ConvShape& s, const float* in, float* to) {
  for (size_t pixel = 0; pixel < s.out_plane(); ++pixel) {
    for (size_t ky = 0; ky < s.kernel_h; ++ky) {
      for (size_t kx = 0; kx < s.kernel_w; ++kx, to += s.channels) {
        const size_t y = pixel / s.out_width * s.stride_h + ky * s.dilation_h - s.pad_top;
        const size_t x = pixel % s.out_width * s.stride_w + kx * s.dilation_w - s.pad_left;
        if (y < s.height && x < s.width)
          std::copy_n(in + (y * s.width + x) * s.channels, s.channels, to);
        else
          std::fill_n(to, s.channels, 0.0f);
      }
    }
  }
}

}  // namespace

// The order of the loops that is fastest: neighbouring outputs, so that sums do not wait for each other.
void im2col_conv(const kernels::ConvShape& s, const float* weights, const float* in, float* columns,
                 float* out) {
  im2col(s, in, columns);
  const size_t depth = s.depth(), outputs = s.out_channels;
  std::fill_n(out, s.out_plane() * outputs, 0.0f);
  for (size_t p = 0; p < s.out_plane(); ++p) {
    float* __restrict sums = out + p * outputs;
    for (size_t i = 0; i < depth; ++i) {
      const float x = columns[p * depth + i];
      const float* __restrict row = weights + i * outputs;
      for (size_t o = 0; o < outputs; ++o) sums[o] += x * row[o];
    }
  }
}

}  // namespace netsuke::bench
