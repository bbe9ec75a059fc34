#include "graph/evaluate.h"

#include "base/error.h"
#include "graph/ops/evaluation.h"
#include "graph/shapes.h"

namespace netsuke {

Tensor evaluate(const Op& op, const std::vector<const Tensor*>& inputs, std::string_view node) {
  std::vector<Shape> shapes;
  for (const Tensor* input : inputs) shapes.push_back(input->shape);
  Tensor out(output_shape(op, shapes, node));
  std::visit([&](const auto& o) { ops::compute(o, inputs, out); }, op);
  return out;
}

std::vector<Tensor> evaluate(const Graph& graph, const std::vector<Tensor>& inputs) {
  require(inputs.size() == graph.inputs.size(), "graph ", graph.name, ": given ", inputs.size(),
          " inputs, takes ", graph.inputs.size());
  std::vector<Tensor> values(graph.values.size());
  for (ValueId id = 0; id < values.size(); ++id)
    if (graph.values[id].weight) values[id] = to_dense(*graph.values[id].weight);
  for (size_t i = 0; i < inputs.size(); ++i) values[graph.inputs[i]] = inputs[i];
  for (const Node& node : graph.nodes) {
    std::vector<const Tensor*> arguments;
    for (ValueId id : node.inputs) arguments.push_back(&values[id]);
    values[node.output] = evaluate(node.op, arguments, node_name(graph, node));
  }
  std::vector<Tensor> outputs;
  for (ValueId id : graph.outputs) outputs.push_back(values[id]);
  return outputs;
}

}  // namespace netsuke
