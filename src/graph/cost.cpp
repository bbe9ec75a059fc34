#include "graph/cost.h"

#include <algorithm>
#include <set>

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
    if (is_learned(p.role)) costs[p.node].parameters += weight_count(*graph.values[p.value].weight);
  return costs;
}

int64_t total_macs(const Graph& graph) {
  int64_t total = 0;
  for (const NodeCost& node : cost(graph)) total += node.macs;
  return total;
}

int64_t peak_activation_bytes(const Graph& graph) {
  const std::vector<Shape> shapes = infer_shapes(graph);
  std::vector<size_t> last_reader(graph.values.size());
  for (size_t n = 0; n < graph.nodes.size(); ++n)
    for (ValueId id : graph.nodes[n].inputs) last_reader[id] = n;
  for (ValueId id : graph.outputs) last_reader[id] = graph.nodes.size();
  const auto bytes = [&](ValueId id) { return graph.values[id].weight ? 0 : element_count(shapes[id]) * 4; };
  int64_t alive = 0, most = 0;
  for (ValueId id : graph.inputs) alive += bytes(id);
  for (size_t n = 0; n < graph.nodes.size(); ++n) {
    alive += bytes(graph.nodes[n].output);
    most = std::max(most, alive);
    // A value that a node reads twice dies once.
    const std::set<ValueId> inputs(graph.nodes[n].inputs.begin(), graph.nodes[n].inputs.end());
    for (ValueId id : inputs)
      if (last_reader[id] == n) alive -= bytes(id);
  }
  return most;
}

namespace {

size_t kind_of(const Graph& graph, const Node& node, const std::vector<Shape>& shapes) {
  constexpr size_t kPointwise = 0, kDepthwise = 1, kGrouped = 2, kOther = 3, kLinear = 4, kRest = 5;
  if (std::holds_alternative<Linear>(node.op)) return kLinear;
  const auto* conv = std::get_if<Conv2d>(&node.op);
  if (!conv) return kRest;
  const Shape& weight = graph.values[node.inputs[1]].weight ? shapes[node.inputs[1]] : Shape{};
  if (conv->groups > 1) return is_depthwise(*conv, weight) ? kDepthwise : kGrouped;
  return weight.size() == 4 && weight[2] == 1 && weight[3] == 1 ? kPointwise : kOther;
}

}  // namespace

std::vector<LayerShare> layer_shares(const Graph& graph) {
  std::vector<LayerShare> shares{{"conv 1x1"}, {"conv depthwise"}, {"conv grouped"},
                                 {"conv"},     {"linear"},         {"other"}};
  const std::vector<NodeCost> costs = cost(graph);
  const std::vector<Shape> shapes = infer_shapes(graph);
  for (size_t n = 0; n < graph.nodes.size(); ++n) {
    LayerShare& share = shares[kind_of(graph, graph.nodes[n], shapes)];
    share.macs += costs[n].macs;
    share.parameters += costs[n].parameters;
  }
  return shares;
}

int64_t bytes_fp32(const Graph& graph) { return constant_count(graph) * 4; }

}  // namespace netsuke
