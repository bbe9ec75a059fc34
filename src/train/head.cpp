#include "train/head.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/random.h"
#include "graph/shapes.h"

namespace netsuke::train {
namespace {

const Node& node_of(const Graph& graph, ValueId value) {
  for (const Node& node : graph.nodes)
    if (node.output == value) return node;
  fail(ErrorCode::input, "graph ", graph.name, ": no layer with weights lies between ",
       graph.values[value].name, " and the output, so there is no head to replace");
}

bool passes_classes_on(const Op& op) {
  return std::visit(
      []<class T>(const T&) {
        return std::is_same_v<T, Softmax> || std::is_same_v<T, LogSoftmax> || std::is_same_v<T, Flatten> ||
               std::is_same_v<T, GlobalAvgPool> || std::is_same_v<T, AvgPool> ||
               std::is_same_v<T, GlobalMaxPool> || std::is_same_v<T, Relu> || std::is_same_v<T, Dropout>;
      },
      op);
}

const Node& head_of(const Graph& graph) {
  const Node* node = &node_of(graph, graph.outputs.at(0));
  while (passes_classes_on(node->op)) node = &node_of(graph, node->inputs.at(0));
  const auto* conv = std::get_if<Conv2d>(&node->op);
  require((conv && conv->groups == 1) || std::holds_alternative<Linear>(node->op), "graph ", graph.name,
          ": node ", node_name(graph, *node), " (", op_name(node->op),
          ") lies before any last linear layer or convolution, so the head cannot be replaced");
  return *node;
}

WeightPtr fresh_weight(Shape shape, int classes, uint64_t seed) {
  shape[0] = classes;
  Tensor weight(shape);
  const double deviation = std::sqrt(2.0 * classes / static_cast<double>(weight.size()));
  Random random(seed);
  for (float& value : weight.data) value = static_cast<float>(random.normal() * deviation);
  return make_dense(std::move(weight));
}

}  // namespace

Graph with_new_head(const Graph& graph, int classes, uint64_t seed) {
  if (classes < 2)
    fail(ErrorCode::usage, "a head of ", classes, " classes was asked for, expected 2 or more");
  Graph result = graph;
  const Node& head = head_of(result);
  WeightPtr& weight = result.values[head.inputs.at(1)].weight;
  require(weight != nullptr, "graph ", graph.name, ": the weight of ", node_name(result, head),
          " is computed");
  weight = fresh_weight(weight->shape, classes, seed);
  if (head.inputs.size() > 2) result.values[head.inputs[2]].weight = make_dense(Tensor({classes}));
  result.metadata.erase("labels");
  infer_shapes(result);
  return result;
}

Graph with_raised_bias(const Graph& graph, int output, float by) {
  Graph result = graph;
  const Node& head = head_of(result);
  require(head.inputs.size() > 2 && result.values[head.inputs[2]].weight, "graph ", graph.name, ": node ",
          node_name(result, head), " has no bias to raise");
  WeightPtr& bias = result.values[head.inputs[2]].weight;
  Tensor values = to_dense(*bias);
  values.data.at(static_cast<size_t>(output)) += by;
  bias = make_dense(std::move(values));
  return result;
}

size_t nodes_until(const Graph& graph, const std::string& last) {
  if (last.empty()) return 0;
  std::vector<std::string> names;
  for (size_t n = 0; n < graph.nodes.size(); ++n) {
    const std::string& name = node_name(graph, graph.nodes[n]);
    if (name == last) return n + 1;
    names.push_back(name);
  }
  const std::string near = closest(last, names);
  fail(ErrorCode::usage, "freeze: graph ", graph.name, " has no node '", last, "'",
       near.empty() ? "" : cat(" (did you mean '", near, "'?)"));
}

}  // namespace netsuke::train
