#include "graph/passes/order.h"

#include <algorithm>

#include "base/error.h"

namespace netsuke {

Graph in_file_order(const Graph& graph) {
  constexpr ValueId kNone = UINT32_MAX;
  Graph ordered{graph.name, {}, graph.nodes, graph.inputs, graph.outputs, graph.metadata};
  std::vector<ValueId> renamed(graph.values.size(), kNone);
  const auto place = [&](ValueId& id) {
    if (renamed[id] == kNone) {
      renamed[id] = static_cast<ValueId>(ordered.values.size());
      ordered.values.push_back(graph.values[id]);
    }
    id = renamed[id];
  };
  for (ValueId& id : ordered.inputs) place(id);
  for (Node& node : ordered.nodes) {
    for (ValueId& id : node.inputs) place(id);
    place(node.output);
  }
  for (ValueId& id : ordered.outputs) {
    if (renamed[id] == kNone)
      fail(ErrorCode::unsupported, "graph ", graph.name, ": output ", graph.values[id].name,
           " is a constant that no node reads");
    id = renamed[id];
  }
  return ordered;
}

std::vector<Node> needed_nodes(const Graph& graph) {
  std::vector<bool> needed(graph.values.size());
  for (ValueId id : graph.outputs) needed[id] = true;
  std::vector<Node> nodes;
  for (auto node = graph.nodes.rbegin(); node != graph.nodes.rend(); ++node) {
    if (!needed[node->output]) continue;
    for (ValueId id : node->inputs) needed[id] = true;
    nodes.push_back(*node);
  }
  std::reverse(nodes.begin(), nodes.end());
  return nodes;
}

Graph without_unread(const Graph& graph) {
  return in_file_order(
      {graph.name, graph.values, needed_nodes(graph), graph.inputs, graph.outputs, graph.metadata});
}

}  // namespace netsuke
