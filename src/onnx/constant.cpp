#include "onnx/constant.h"

#include "base/error.h"

namespace netsuke::onnx {

Constant float_constant(Shape shape, std::vector<float> values) {
  WeightPtr weight = make_weight(shape, Dense{std::move(values)});
  return {std::move(shape), std::move(weight), {}};
}

Constant int_constant(Shape shape, std::vector<int64_t> values) {
  return {std::move(shape), nullptr, std::move(values)};
}

Constant reshaped(const Constant& constant, Shape shape) {
  if (constant.is_integer()) return int_constant(std::move(shape), constant.ints);
  const auto values = constant.values();
  return float_constant(std::move(shape), {values.begin(), values.end()});
}

std::vector<float> to_floats(const Constant& constant) {
  if (!constant.is_integer()) return {constant.values().begin(), constant.values().end()};
  return {constant.ints.begin(), constant.ints.end()};
}

const std::vector<int64_t>& integers(const Constant& constant, std::string_view what) {
  if (!constant.is_integer()) fail(ErrorCode::unsupported, what, " holds floats, expected integers");
  return constant.ints;
}

}  // namespace netsuke::onnx
