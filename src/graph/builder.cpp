#include "graph/builder.h"

#include <cmath>

#include "graph/shapes.h"

namespace netsuke {

Builder::Builder(std::string name, std::optional<uint64_t> seed) {
  graph_.name = std::move(name);
  if (seed) random_.emplace(*seed);
}

ValueId Builder::add_value(Value value, Shape shape) {
  graph_.values.push_back(std::move(value));
  shapes_.push_back(std::move(shape));
  return static_cast<ValueId>(graph_.values.size() - 1);
}

ValueId Builder::input(const std::string& name, const Shape& shape) {
  Shape batched{1};
  batched.insert(batched.end(), shape.begin(), shape.end());
  const ValueId id = add_value({name, batched, nullptr}, batched);
  graph_.inputs.push_back(id);
  return id;
}

ValueId Builder::constant(const std::string& name, Tensor tensor) {
  Shape shape = tensor.shape;
  return add_value({name, {}, make_dense(std::move(tensor))}, std::move(shape));
}

ValueId Builder::apply(const std::string& name, Op op, std::vector<ValueId> inputs) {
  std::vector<Shape> shapes;
  for (ValueId id : inputs) shapes.push_back(shapes_[id]);
  Shape shape = output_shape(op, shapes, name);
  const ValueId output = add_value({name, {}, nullptr}, std::move(shape));
  graph_.nodes.push_back({std::move(op), std::move(inputs), output});
  return output;
}

ValueId Builder::weight(const std::string& name, Shape shape, int64_t fan_in) {
  if (!random_) return add_value({name, {}, make_weight(shape, Sparse{})}, shape);
  Tensor tensor(std::move(shape));
  const double deviation = std::sqrt(2.0 / static_cast<double>(fan_in));
  for (float& value : tensor.data) value = static_cast<float>(random_->normal() * deviation);
  return constant(name, std::move(tensor));
}

ValueId Builder::conv(const std::string& name, ValueId x, int out, Pair kernel, Conv2d op, bool bias) {
  const int64_t in = shapes_[x].at(1) / op.groups;
  std::vector<ValueId> inputs{
      x, weight(name + ".weight", {out, in, kernel.h, kernel.w}, in * kernel.h * kernel.w)};
  if (bias) inputs.push_back(constant(name + ".bias", Tensor({out})));
  return apply(name, op, std::move(inputs));
}

ValueId Builder::linear(const std::string& name, ValueId x, int out, bool bias) {
  const int64_t in = shapes_[x].at(1);
  std::vector<ValueId> inputs{x, weight(name + ".weight", {out, in}, in)};
  if (bias) inputs.push_back(constant(name + ".bias", Tensor({out})));
  return apply(name, Linear{}, std::move(inputs));
}

ValueId Builder::batch_norm(const std::string& name, ValueId x, float epsilon) {
  const int64_t channels = shapes_[x].at(1);
  const auto filled = [&](float value) {
    return Tensor({channels}, std::vector<float>(static_cast<size_t>(channels), value));
  };
  const ValueId scale = constant(name + ".scale", filled(1)), bias = constant(name + ".bias", filled(0)),
                mean = constant(name + ".mean", filled(0)),
                variance = constant(name + ".variance", filled(1));
  return apply(name, BatchNorm{epsilon}, {x, scale, bias, mean, variance});
}

Graph Builder::finish(std::vector<ValueId> outputs) {
  graph_.outputs = std::move(outputs);
  verify(graph_);
  return std::move(graph_);
}

}  // namespace netsuke
