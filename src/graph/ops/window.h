// What convolutions and pools share: a window that moves over an image.
#pragma once

#include "graph/ops/shape_rules.h"
#include "graph/shapes.h"

namespace netsuke::ops {

template <class Window>
void require_window(const Window& op, const Pair& kernel, const Site& site) {
  fits(kernel.h > 0 && kernel.w > 0 && op.stride.h > 0 && op.stride.w > 0, site,
       "kernel and stride must be positive");
  fits(op.pad.top >= 0 && op.pad.left >= 0 && op.pad.bottom >= 0 && op.pad.right >= 0, site,
       "padding must not be negative");
}

inline Shape windowed(const Shape& x, int64_t channels, Pair kernel, Pair stride, Pair dilation, Pads pad,
                      bool ceil, const Site& site) {
  const int64_t h = window_count(x[2], kernel.h, stride.h, dilation.h, pad.top, pad.bottom, ceil);
  const int64_t w = window_count(x[3], kernel.w, stride.w, dilation.w, pad.left, pad.right, ceil);
  fits(h > 0 && w > 0, site, "its window does not fit into an input of ", to_text(x));
  return {x[0], channels, h, w};
}

}  // namespace netsuke::ops
