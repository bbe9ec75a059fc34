#include "kernels/elementwise/arithmetic.h"

namespace netsuke::kernels {
namespace {

// Calls `use` with the function that `op` stands for, so that what it does is compiled for each of them.
template <class Use>
void with_function(Arithmetic op, Use&& use) {
  switch (op) {
    case Arithmetic::add:
      return use([](float x, float y) { return x + y; });
    case Arithmetic::subtract:
      return use([](float x, float y) { return x - y; });
    case Arithmetic::multiply:
      return use([](float x, float y) { return x * y; });
    case Arithmetic::divide:
      return use([](float x, float y) { return x / y; });
    case Arithmetic::prelu:
      return use([](float x, float y) { return x > 0 ? x : x * y; });
  }
}

// One row. What is repeated is read once: only then do the loops become vector code.
template <class Function>
void combine_row(Function f, const float* x, size_t x_step, const float* y, size_t y_step, size_t columns,
                 Clamp limits, float* out) {
  if (x_step != 0 && y_step != 0) {
    for (size_t i = 0; i < columns; ++i) out[i] = limits(f(x[i], y[i]));
  } else if (x_step != 0) {
    const float repeated = *y;
    for (size_t i = 0; i < columns; ++i) out[i] = limits(f(x[i], repeated));
  } else if (y_step != 0) {
    const float repeated = *x;
    for (size_t i = 0; i < columns; ++i) out[i] = limits(f(repeated, y[i]));
  } else {
    const float result = limits(f(*x, *y));
    for (size_t i = 0; i < columns; ++i) out[i] = result;
  }
}

}  // namespace

void arithmetic(Arithmetic op, const Operand& x, const Operand& y, size_t rows, size_t columns, Clamp limits,
                float* out, size_t out_step) {
  with_function(op, [&](auto f) {
    for (size_t row = 0; row < rows; ++row)
      combine_row(f, x.values + row * x.row_step, x.column_step, y.values + row * y.row_step, y.column_step,
                  columns, limits, out + row * out_step);
  });
}

void arithmetic_scalar(Arithmetic op, const Operand& x, const Operand& y, size_t rows, size_t columns,
                       Clamp limits, float* out, size_t out_step) {
  const auto at = [](const Operand& operand, size_t row, size_t column) {
    return operand.values[row * operand.row_step + column * operand.column_step];
  };
  with_function(op, [&](auto f) {
    for (size_t row = 0; row < rows; ++row)
      for (size_t column = 0; column < columns; ++column)
        out[row * out_step + column] = limits(f(at(x, row, column), at(y, row, column)));
  });
}

}  // namespace netsuke::kernels
