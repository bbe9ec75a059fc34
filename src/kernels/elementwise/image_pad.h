// NHWC images with rows and columns added around them, or taken away.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace netsuke::kernels {

struct ImagePad {
  static constexpr size_t kNone = SIZE_MAX;

  size_t width = 0, channels = 0;     ///< of the input
  std::vector<size_t> rows, columns;  ///< of the input, one for each of the output; kNone where `value` fills
  float value = 0;
};

/// Rows [first_row, last_row) of the output. Strides are floats between pixels; `out` must not overlap `in`.
void image_pad(const ImagePad& pad, const float* in, size_t in_stride, float* out, size_t out_stride,
               size_t first_row, size_t last_row);

}  // namespace netsuke::kernels
