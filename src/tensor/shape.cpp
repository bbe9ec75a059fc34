#include "tensor/shape.h"

#include "base/error.h"

namespace netsuke {

int64_t element_count(const Shape& shape) {
  int64_t count = 1;
  for (int64_t dim : shape) {
    require(dim >= 0, "shape ", to_text(shape), ": a dimension is negative");
    require(dim == 0 || count <= kMaxElements / dim, "shape ", to_text(shape), ": has more than ",
            kMaxElements, " elements");
    count *= dim;
  }
  return count;
}

std::string to_text(const Shape& shape) {
  if (shape.empty()) return "scalar";
  std::string text;
  for (int64_t dim : shape) text += cat(text.empty() ? "" : "x", dim);
  return text;
}

Shape parse_shape(std::string_view text, std::string_view what) {
  Shape shape;
  if (text == "scalar") return shape;
  for (const std::string& piece : split(text, 'x')) {
    const long long dim = parse_integer(piece, what);
    if (dim < 0) fail(ErrorCode::usage, what, ": a dimension is negative in '", text, "'");
    shape.push_back(dim);
  }
  if (shape.size() > kMaxRank)
    fail(ErrorCode::usage, what, ": more than ", kMaxRank, " dimensions in '", text, "'");
  return shape;
}

}  // namespace netsuke
