#include "graph/cost.h"

#include "graph/shapes.h"

namespace netsuke {

std::vector<NodeCost> cost(const Graph& graph) {
  const std::vector<Shape> shapes = infer_shapes(graph);
  std::vector<NodeCost> costs(graph.nodes.size());
  for (size_t n = 0; n < graph.nodes.size(); ++n) {
    const Node& node = graph.nodes[n];
    costs[n].output = shapes[node.output];
    const int64_t elements = element_count(shapes[node.output]);
    costs[n].activation_bytes = elements * 4;
    // Every output element of a convolution or linear layer is a sum over one row of its weight.
    if (std::holds_alternative<Conv2d>(node.op) || std::holds_alternative<Linear>(node.op)) {
      const Shape& weight = shapes[node.inputs[1]];
      costs[n].macs = weight[0] == 0 ? 0 : elements * (element_count(weight) / weight[0]);
    }
    // Every input element of a transposed one is multiplied with one row of its weight, wherever that falls.
    if (std::holds_alternative<ConvTranspose2d>(node.op)) {
      const Shape &x = shapes[node.inputs[0]], &weight = shapes[node.inputs[1]];
      costs[n].macs = element_count(x) * (element_count(weight) / weight[0]);
    }
  }
  for (const Parameter& p : parameters(graph))
    costs[p.node].parameters += weight_count(*graph.values[p.value].weight);
  return costs;
}

int64_t total_macs(const Graph& graph) {
  int64_t total = 0;
  for (const NodeCost& node : cost(graph)) total += node.macs;
  return total;
}

int64_t bytes_fp32(const Graph& graph) { return parameter_count(graph) * 4; }

}  // namespace netsuke
