// Where values lie while a plan runs.
#pragma once

#include <cstddef>

namespace netsuke::runtime {

/// The order of an image's values: channel after channel (NCHW), as the outside world has them, or pixel
/// after pixel (NHWC), as the kernels for images want them. Of a vector, or an image of one pixel, both are
/// the same.
enum class Layout { planes, pixels };

/// A value's place in the caller's input or in the arena. Of a batch of N images the block that holds it
/// starts at N * offset, and image i of it at N * offset + i * step + shift.
struct Place {
  bool in_input = false;
  size_t offset = 0;
  size_t step = 0;   ///< floats of an image of the block, which may hold more channels than the value has
  size_t shift = 0;  ///< where the value's first channel is in the block's image
  Layout layout = Layout::planes;
  size_t channels = 1, pixels = 1;  ///< for a vector: its length and 1
  size_t stride = 1;                ///< floats between pixels, in layout `pixels`

  size_t size() const { return channels * pixels; }
  /// True if its values lie side by side.
  bool is_whole() const { return layout == Layout::planes || stride == channels || pixels == 1; }
};

}  // namespace netsuke::runtime
