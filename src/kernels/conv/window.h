// A convolution's window place by place, for slow twins.
#pragma once

#include <cstddef>

#include "kernels/conv/conv.h"

namespace netsuke::kernels {

/// Calls body(tap, pixel) for each place of the window of output pixel (out_y, out_x) that lies inside of the
/// image: which place it is and which input pixel, both row by row.
template <class Body>
void each_tap_inside(const ConvShape& s, size_t out_y, size_t out_x, const Body& body) {
  for (size_t ky = 0; ky < s.kernel_h; ++ky) {
    for (size_t kx = 0; kx < s.kernel_w; ++kx) {
      // Unsigned wrap-around makes a position left of or above the image a very large one.
      const size_t y = out_y * s.stride_h + ky * s.dilation_h - s.pad_top;
      const size_t x = out_x * s.stride_w + kx * s.dilation_w - s.pad_left;
      if (y < s.height && x < s.width) body(ky * s.kernel_w + kx, y * s.width + x);
    }
  }
}

}  // namespace netsuke::kernels
