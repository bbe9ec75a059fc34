// Slices, transposes and shuffles: values in another order.
#pragma once

#include <cstddef>
#include <vector>

namespace netsuke::kernels {

/// Some elements of an array in some order, as those of a dense array of `sizes`: element (i, j, ...) is
/// number first + i steps[0] + j steps[1] + ... of the array.
struct StridedView {
  std::vector<size_t> sizes;
  std::vector<std::ptrdiff_t> steps;
  std::ptrdiff_t first = 0;
};

/// The same view in the fewest dimensions, at least one.
StridedView merged(const StridedView& view);

/// The view's elements one after the other. `in` and `out` must not overlap.
void strided_copy(const StridedView& view, const float* in, float* out);

}  // namespace netsuke::kernels
