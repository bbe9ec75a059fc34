#include "graph/shapes.h"

#include <cmath>

#include "base/error.h"
#include "graph/ops/shape_rules.h"

namespace netsuke {

int64_t window_count(int64_t size, int kernel, int stride, int dilation, int pad_before, int pad_after,
                     bool ceil) {
  const int64_t extent = static_cast<int64_t>(dilation) * (kernel - 1) + 1;
  const int64_t span = size + pad_before + pad_after - extent + (ceil ? stride - 1 : 0);
  if (span < 0) return 0;
  const int64_t count = span / stride + 1;
  return !ceil || (count - 1) * stride < size + pad_before ? count : count - 1;
}

namespace {

bool broadcasts(const Op& op) {
  return std::holds_alternative<Add>(op) || std::holds_alternative<Mul>(op) ||
         std::holds_alternative<Sub>(op) || std::holds_alternative<Div>(op) ||
         std::holds_alternative<PRelu>(op);
}

// Only limits and fillings may be infinite.
void require_sound_numbers(const Op& op, const ops::Site& site) {
  const bool may_be_infinite = std::holds_alternative<Clip>(op) || std::holds_alternative<Pad>(op);
  const auto check = [&](std::string_view name, const auto& value) {
    if constexpr (std::is_same_v<std::remove_cvref_t<decltype(value)>, float>)
      ops::fits(std::isfinite(value) || (may_be_infinite && !std::isnan(value)), site, name, " is ", value);
  };
  std::visit([&](const auto& o) { for_each_field(o, check); }, op);
}

}  // namespace

Shape output_shape(const Op& op, const std::vector<Shape>& inputs, std::string_view node) {
  const ops::Site site{node, op_name(op)};
  require_sound_numbers(op, site);
  Shape shape = std::visit([&](const auto& o) { return ops::shape_of(o, inputs, site); }, op);
  try {
    element_count(shape);  // throws where the output would be too large to hold
  } catch (const Error& error) {
    ops::fits(false, site, "its output: ", error.what());
  }
  return shape;
}

namespace {

// Repeating must not touch the batch, and only the graph tells which inputs have one: constants have none.
void require_one_batch(const Graph& graph, const Node& node, const std::vector<Shape>& in) {
  const bool concat = std::holds_alternative<Concat>(node.op);
  if (!broadcasts(node.op) && !concat) return;
  const ops::Site site{node_name(graph, node), op_name(node.op)};
  const Shape* data = nullptr;
  for (size_t i = 0; i < in.size(); ++i) {
    if (graph.values[node.inputs[i]].weight) continue;
    ops::fits(!data || data->size() == in[i].size(), site, "inputs are ", to_text(data ? *data : in[i]),
              " and ", to_text(in[i]), ", expected the same number of dimensions");
    data = &in[i];
  }
  for (size_t i = 0; data && i < in.size(); ++i) {
    if (!graph.values[node.inputs[i]].weight) continue;
    const bool has_batch = in[i].size() > data->size() || (in[i].size() == data->size() && in[i][0] != 1);
    ops::fits(!has_batch, site, "constant is ", to_text(in[i]), ", which has a batch of its own beside ",
              to_text(*data));
    ops::fits(i > 0 || !std::holds_alternative<PRelu>(node.op), site,
              "its input is a constant, its slope is not");
  }
}

}  // namespace

std::vector<Shape> infer_shapes(const Graph& graph, int64_t batch) {
  std::vector<Shape> shapes(graph.values.size());
  for (ValueId id = 0; id < graph.values.size(); ++id)
    if (graph.values[id].weight) shapes[id] = graph.values[id].weight->shape;
  for (ValueId id : graph.inputs) {
    shapes[id] = graph.values[id].shape;
    shapes[id][0] = batch;
    element_count(shapes[id]);
  }
  for (const Node& node : graph.nodes) {
    std::vector<Shape> inputs;
    for (ValueId id : node.inputs) inputs.push_back(shapes[id]);
    require_one_batch(graph, node, inputs);
    shapes[node.output] = output_shape(node.op, inputs, node_name(graph, node));
  }
  return shapes;
}

bool is_depthwise(const Conv2d& op, const Shape& weight) {
  return op.groups > 1 && weight.size() == 4 && weight[1] == 1;
}

Shape image_shape(const Graph& graph) {
  const Shape& input = graph.values[graph.inputs.at(0)].shape;
  return input.size() == 4 ? Shape(input.begin() + 1, input.end()) : Shape{};
}

int64_t output_count(const Graph& graph) { return element_count(infer_shapes(graph)[graph.outputs.at(0)]); }

}  // namespace netsuke
