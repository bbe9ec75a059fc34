#include <limits>

#include "kernels/pool/pool_window.h"

namespace netsuke::kernels {
namespace {

// Calls out(value) for every window, joining with `join` from `none` on the values under it.
template <class Join, class Store>
void each_window(const PoolShape& s, size_t planes, const float* in, float none, Join&& join, Store&& store) {
  for (size_t p = 0; p < planes; ++p, in += s.height * s.width) {
    for (size_t out_y = 0; out_y < s.out_height; ++out_y) {
      for (size_t out_x = 0; out_x < s.out_width; ++out_x) {
        const Span rows = window_span(out_y, s.stride_h, s.kernel_h, s.pad_top, s.height);
        const Span columns = window_span(out_x, s.stride_w, s.kernel_w, s.pad_left, s.width);
        float value = none;
        for (size_t y = rows.first; y < rows.last; ++y)
          for (size_t x = columns.first; x < columns.last; ++x) value = join(value, in[y * s.width + x]);
        store(out_y, out_x, value);
      }
    }
  }
}

}  // namespace

void max_pool_scalar(const PoolShape& shape, size_t planes, const float* in, float* out) {
  each_window(
      shape, planes, in, -std::numeric_limits<float>::infinity(),
      [](float a, float b) { return std::max(a, b); },
      [&](size_t, size_t, float largest) { *out++ = largest; });
}

void avg_pool_scalar(const PoolShape& shape, size_t planes, const float* in, float* out) {
  each_window(
      shape, planes, in, 0.0f, [](float a, float b) { return a + b; },
      [&](size_t y, size_t x, float sum) { *out++ = sum / window_area(shape, y, x); });
}

}  // namespace netsuke::kernels
