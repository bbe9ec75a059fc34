// Neighbouring pixels of one image that meet neighbouring pixels of another.
#pragma once

#include <cstddef>

namespace netsuke::kernels {

struct PixelRun {
  const float* x = nullptr;  ///< the first pixel of one image
  size_t first = 0;          ///< the number of that of the other
  size_t count = 0;
};

}  // namespace netsuke::kernels
