#include "runtime/broadcast.h"

namespace netsuke::runtime {
namespace {

// Rows shorter than this are not worth a loop of their own.
constexpr size_t kLeastColumns = 16;

size_t product(const Shape& shape, size_t first, size_t last) {
  return static_cast<size_t>(element_count(Shape(shape.begin() + static_cast<std::ptrdiff_t>(first),
                                                 shape.begin() + static_cast<std::ptrdiff_t>(last))));
}

// The result cut into rows before dimension `cut`.
std::optional<Broadcast> cut_at(size_t cut, const Shape& x, const Shape& y, const Shape& out) {
  Broadcast b{product(out, 1, cut), product(out, cut, out.size())};
  for (size_t i = 0; i < 2; ++i) {
    Shape operand = i == 0 ? x : y;
    operand.insert(operand.begin(), out.size() - operand.size(), 1);
    const size_t rows = product(operand, 1, cut), columns = product(operand, cut, out.size());
    if ((rows != b.rows && rows != 1) || (columns != b.columns && columns != 1)) return std::nullopt;
    b.row_step[i] = rows == b.rows ? columns : 0;
    b.column_step[i] = columns == b.columns ? 1 : 0;
  }
  return b;
}

}  // namespace

std::optional<Broadcast> broadcast(const Shape& x, const Shape& y, const Shape& out) {
  // Channels as rows suit most, and threads can share them.
  if (out.size() > 2 && product(out, 2, out.size()) >= kLeastColumns)
    if (const auto by_channels = cut_at(2, x, y, out)) return by_channels;
  for (size_t cut = 1; cut <= out.size(); ++cut)
    if (const auto found = cut_at(cut, x, y, out)) return found;
  return std::nullopt;
}

}  // namespace netsuke::runtime
