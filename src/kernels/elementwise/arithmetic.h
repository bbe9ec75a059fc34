// Two operands made into one: plain loops that compilers turn into vector code by themselves.
#pragma once

#include <cstddef>

#include "kernels/clamp.h"

namespace netsuke::kernels {

/// `prelu` is x where x is positive, else x y.
enum class Arithmetic { add, subtract, multiply, divide, prelu };

/// Element (row, column) of an operand is values[row * row_step + column * column_step]: a step of 0 repeats.
struct Operand {
  const float* values = nullptr;
  size_t row_step = 0;
  size_t column_step = 0;  ///< 0 or 1
};

/// out = clamp(x op y), `rows` times `columns` values; rows of `out` lie `out_step` floats apart. `out` may
/// be the values of an operand that repeats none and has the same steps.
void arithmetic(Arithmetic op, const Operand& x, const Operand& y, size_t rows, size_t columns, Clamp limits,
                float* out, size_t out_step);
/// The slow twin.
void arithmetic_scalar(Arithmetic op, const Operand& x, const Operand& y, size_t rows, size_t columns,
                       Clamp limits, float* out, size_t out_step);

}  // namespace netsuke::kernels
