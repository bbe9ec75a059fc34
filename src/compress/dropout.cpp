#include "compress/dropout.h"

#include <cmath>

#include "base/error.h"

namespace netsuke::compress {
namespace {

bool has_weights(const Op& op) {
  return std::holds_alternative<Conv2d>(op) || std::holds_alternative<ConvTranspose2d>(op) ||
         std::holds_alternative<Linear>(op);
}

/// Kept connections of the layers that read `value`, directly or through ops without weights.
int64_t connections_behind(const Graph& graph, const std::vector<std::vector<size_t>>& readers,
                           ValueId value) {
  int64_t count = 0;
  for (size_t reader : readers[value]) {
    const Node& node = graph.nodes[reader];
    if (!has_weights(node.op))
      count += connections_behind(graph, readers, node.output);
    else if (const WeightPtr& weight = graph.values[node.inputs[1]].weight)
      count += kept_count(*weight);
  }
  return count;
}

const Node& same_node(const Graph& original, const std::string& name) {
  for (const Node& node : original.nodes)
    if (node_name(original, node) == name && std::holds_alternative<Dropout>(node.op)) return node;
  fail(ErrorCode::input, "graph ", original.name, ": has no Dropout named '", name, "' to adjust from");
}

}  // namespace

Graph adjust_dropout(const Graph& pruned, const Graph& original) {
  Graph result = pruned;
  const auto pruned_readers = readers(pruned), original_readers = readers(original);
  for (Node& node : result.nodes) {
    auto* dropout = std::get_if<Dropout>(&node.op);
    if (!dropout) continue;
    const Node& before = same_node(original, node_name(pruned, node));
    const int64_t c_original = connections_behind(original, original_readers, before.output);
    const int64_t c_retrain = connections_behind(pruned, pruned_readers, node.output);
    if (c_original == 0) continue;
    const double d_original = std::get<Dropout>(before.op).ratio;
    dropout->ratio = static_cast<float>(
        d_original * std::sqrt(static_cast<double>(c_retrain) / static_cast<double>(c_original)));
  }
  return result;
}

}  // namespace netsuke::compress
