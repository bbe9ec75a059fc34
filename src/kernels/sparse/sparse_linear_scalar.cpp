#include <algorithm>

#include "kernels/sparse/sparse_linear.h"

namespace netsuke::kernels {
namespace {

struct Entry {
  size_t gap;
  float value;
};

Entry entry_at(const SparseLinear& w, size_t i) {
  const size_t bits = w.wide.empty() ? w.narrow[i] : w.wide[i];
  if (!w.values.empty()) return {bits, w.values[i]};
  return {bits >> w.code_bits, w.centroids[bits & ((size_t{1} << w.code_bits) - 1)]};
}

void block_product(const SparseLinear& w, size_t block, const float* x, float* y, Clamp clamp) {
  const size_t first_row = block * w.block_rows, last_row = std::min(first_row + w.block_rows, w.rows);
  std::copy(w.bias.begin() + static_cast<std::ptrdiff_t>(first_row),
            w.bias.begin() + static_cast<std::ptrdiff_t>(last_row), y + first_row);
  const uint32_t* starts = w.starts.data() + block * (w.columns + 1);
  for (size_t column = 0; column < w.columns; ++column) {
    size_t row = first_row;
    for (size_t i = starts[column]; i < starts[column + 1]; ++i) {
      const Entry entry = entry_at(w, i);
      row += entry.gap;
      y[row] += entry.value * x[column];
    }
  }
  std::transform(y + first_row, y + last_row, y + first_row, clamp);
}

}  // namespace

void sparse_linear_scalar(const SparseLinear& weights, const float* x, size_t x_stride, size_t m, float* y,
                          size_t y_stride, Clamp clamp, size_t first_block, size_t last_block) {
  for (size_t image = 0; image < m; ++image)
    for (size_t block = first_block; block < last_block; ++block)
      block_product(weights, block, x + image * x_stride, y + image * y_stride, clamp);
}

}  // namespace netsuke::kernels
