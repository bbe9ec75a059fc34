// How two operands that broadcast are laid over each other.
#pragma once

#include <cstddef>
#include <optional>

#include "tensor/shape.h"

namespace netsuke::runtime {

/// One image of the result as a matrix, in which each operand is whole, repeats one row, repeats one value
/// along every row, or is a single value: element (row, column) is number row * row_step + column *
/// column_step.
struct Broadcast {
  size_t rows = 1, columns = 1;
  size_t row_step[2] = {};
  size_t column_step[2] = {};
};

/// For operands of shapes `x` and `y` and their result, batch 1. Nothing if no matrix will do, as for an
/// operand that repeats along the channels and the width but not the height.
std::optional<Broadcast> broadcast(const Shape& x, const Shape& y, const Shape& out);

}  // namespace netsuke::runtime
