#include "kernels/elementwise/image_pad.h"

#include <algorithm>

namespace netsuke::kernels {

void image_pad(const ImagePad& pad, const float* in, size_t in_stride, float* out, size_t out_stride,
               size_t first_row, size_t last_row) {
  for (size_t y = first_row; y < last_row; ++y) {
    const size_t row = pad.rows[y];
    float* to = out + y * pad.columns.size() * out_stride;
    for (const size_t column : pad.columns) {
      if (row == ImagePad::kNone || column == ImagePad::kNone)
        std::fill_n(to, pad.channels, pad.value);
      else
        std::copy_n(in + (row * pad.width + column) * in_stride, pad.channels, to);
      to += out_stride;
    }
  }
}

}  // namespace netsuke::kernels
