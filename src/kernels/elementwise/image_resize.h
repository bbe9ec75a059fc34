// NHWC images made larger or smaller.
#pragma once

#include <cstddef>
#include <vector>

namespace netsuke::kernels {

/// The two rows or columns that make one of the output, and the share of the second.
struct ResizeSource {
  size_t first = 0, second = 0;
  float share = 0;
};

struct ImageResize {
  size_t width = 0, channels = 0;           ///< of the input
  std::vector<ResizeSource> rows, columns;  ///< one for each of the output
};

/// Rows [first_row, last_row) of the output, each pixel a mean of the four that its row and column name, by
/// their shares. Strides are floats between pixels; `out` must not overlap `in`. Plain loops, which compilers
/// turn into vector code on every machine.
void image_resize(const ImageResize& resize, const float* in, size_t in_stride, float* out, size_t out_stride,
                  size_t first_row, size_t last_row);
/// The slow twin, in double precision.
void image_resize_scalar(const ImageResize& resize, const float* in, size_t in_stride, float* out,
                         size_t out_stride, size_t first_row, size_t last_row);

}  // namespace netsuke::kernels
