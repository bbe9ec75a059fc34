#include "kernels/pool/image_pool.h"

#include <cmath>
#include <limits>

#include "kernels/pool/pool_window.h"

namespace netsuke::kernels {
namespace {

constexpr float kLowest = -std::numeric_limits<float>::infinity();

float larger_or_nan(float a, float b) { return b > a || std::isnan(b) ? b : a; }

// Calls store(y, x, c, value) for every window and channel, joining with `join` from `none` on the values
// under it.
template <class Join, class Store>
void each_window(const PoolShape& s, size_t channels, const float* in, size_t in_stride, size_t first_row,
                 size_t last_row, float none, const Join& join, const Store& store) {
  for (size_t out_y = first_row; out_y < last_row; ++out_y) {
    for (size_t out_x = 0; out_x < s.out_width; ++out_x) {
      const Span rows = window_span(out_y, s.stride_h, s.kernel_h, s.pad_top, s.height);
      const Span columns = window_span(out_x, s.stride_w, s.kernel_w, s.pad_left, s.width);
      for (size_t c = 0; c < channels; ++c) {
        float value = none;
        for (size_t y = rows.first; y < rows.last; ++y)
          for (size_t x = columns.first; x < columns.last; ++x)
            value = join(value, in[(y * s.width + x) * in_stride + c]);
        store(out_y, out_x, c, value);
      }
    }
  }
}

}  // namespace

void image_max_pool_scalar(const PoolShape& shape, size_t channels, const float* in, size_t in_stride,
                           float* out, size_t out_stride, size_t first_row, size_t last_row) {
  each_window(shape, channels, in, in_stride, first_row, last_row, kLowest, larger_or_nan,
              [&](size_t y, size_t x, size_t c, float largest) {
                out[(y * shape.out_width + x) * out_stride + c] = largest;
              });
}

void image_avg_pool_scalar(const PoolShape& shape, size_t channels, const float* in, size_t in_stride,
                           float* out, size_t out_stride, size_t first_row, size_t last_row) {
  each_window(
      shape, channels, in, in_stride, first_row, last_row, 0.0f, [](float a, float b) { return a + b; },
      [&](size_t y, size_t x, size_t c, float sum) {
        out[(y * shape.out_width + x) * out_stride + c] = sum / window_area(shape, y, x);
      });
}

void image_means_scalar(const float* in, size_t in_stride, size_t channels, size_t pixels, float* out) {
  for (size_t c = 0; c < channels; ++c) {
    double sum = 0;
    for (size_t p = 0; p < pixels; ++p) sum += in[p * in_stride + c];
    out[c] = static_cast<float>(sum / static_cast<double>(pixels));
  }
}

void image_maxima_scalar(const float* in, size_t in_stride, size_t channels, size_t pixels, float* out) {
  for (size_t c = 0; c < channels; ++c) {
    out[c] = kLowest;
    for (size_t p = 0; p < pixels; ++p) out[c] = larger_or_nan(out[c], in[p * in_stride + c]);
  }
}

}  // namespace netsuke::kernels
