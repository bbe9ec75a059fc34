#include "kernels/elementwise/image_resize.h"

#include <algorithm>

namespace netsuke::kernels {
namespace {

// out = (1 - share) a + share b
void mix(const float* a, const float* b, float share, size_t count, float* out) {
  const float rest = 1 - share;
  for (size_t c = 0; c < count; ++c) out[c] = rest * a[c] + share * b[c];
}

// The same of two such mixtures.
void mix(const float* const (&from)[2][2], float down, float across, size_t count, float* out) {
  const float share[2][2] = {{(1 - down) * (1 - across), (1 - down) * across},
                             {down * (1 - across), down * across}};
  const float *a = from[0][0], *b = from[0][1], *c = from[1][0], *d = from[1][1];
  for (size_t i = 0; i < count; ++i)
    out[i] = share[0][0] * a[i] + share[0][1] * b[i] + (share[1][0] * c[i] + share[1][1] * d[i]);
}

}  // namespace

void image_resize(const ImageResize& resize, const float* in, size_t in_stride, float* out, size_t out_stride,
                  size_t first_row, size_t last_row) {
  const size_t channels = resize.channels, row_step = resize.width * in_stride;
  for (size_t y = first_row; y < last_row; ++y) {
    const ResizeSource& row = resize.rows[y];
    const float *upper = in + row.first * row_step, *lower = in + row.second * row_step;
    float* to = out + y * resize.columns.size() * out_stride;
    for (const ResizeSource& column : resize.columns) {
      const size_t left = column.first * in_stride, right = column.second * in_stride;
      if (row.share == 0 && column.share == 0)
        std::copy_n(upper + left, channels, to);
      else if (row.share == 0)
        mix(upper + left, upper + right, column.share, channels, to);
      else
        mix({{upper + left, upper + right}, {lower + left, lower + right}}, row.share, column.share, channels,
            to);
      to += out_stride;
    }
  }
}

void image_resize_scalar(const ImageResize& resize, const float* in, size_t in_stride, float* out,
                         size_t out_stride, size_t first_row, size_t last_row) {
  const auto at = [&](size_t y, size_t x, size_t c) -> double {
    return in[(y * resize.width + x) * in_stride + c];
  };
  for (size_t y = first_row; y < last_row; ++y)
    for (size_t x = 0; x < resize.columns.size(); ++x)
      for (size_t c = 0; c < resize.channels; ++c) {
        const ResizeSource &row = resize.rows[y], &column = resize.columns[x];
        const auto between = [&](size_t at_row) {
          return (1.0 - column.share) * at(at_row, column.first, c) +
                 column.share * at(at_row, column.second, c);
        };
        out[(y * resize.columns.size() + x) * out_stride + c] =
            static_cast<float>((1.0 - row.share) * between(row.first) + row.share * between(row.second));
      }
}

}  // namespace netsuke::kernels
