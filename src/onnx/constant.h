// A tensor of an ONNX model whose values are known while it is imported.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tensor/weight.h"

namespace netsuke::onnx {

/// Floats of any width are held as 32-bit floats, integers and booleans of any width as 64-bit integers.
struct Constant {
  Shape shape;
  WeightPtr floats;           ///< dense; null where the elements are integers
  std::vector<int64_t> ints;  ///< used where floats is null

  bool is_integer() const { return floats == nullptr; }
  size_t size() const { return static_cast<size_t>(element_count(shape)); }
  std::span<const float> values() const { return std::get<Dense>(floats->encoding).values; }
  /// Element i, whatever its type.
  double at(size_t i) const { return is_integer() ? static_cast<double>(ints[i]) : values()[i]; }
};

Constant float_constant(Shape shape, std::vector<float> values);
Constant int_constant(Shape shape, std::vector<int64_t> values);

/// The same elements in another shape of as many.
Constant reshaped(const Constant& constant, Shape shape);

/// All elements as floats.
std::vector<float> to_floats(const Constant& constant);

/// The elements of a short list, such as pads or axes; throws Error(unsupported) naming `what` for floats.
const std::vector<int64_t>& integers(const Constant& constant, std::string_view what);

}  // namespace netsuke::onnx
