// Who makes and who reads each value, for passes that rewrite nodes in place.
#pragma once

#include <algorithm>

#include "graph/graph.h"

namespace netsuke {

/// By ValueId. Valid while no node is added to or taken from the graph; who changes a node's inputs keeps the
/// counts true.
struct Uses {
  std::vector<Node*> maker;  ///< null for inputs and constants
  std::vector<int> reads;    ///< by nodes; being an output counts as one

  explicit Uses(Graph& graph) : maker(graph.values.size(), nullptr), reads(graph.values.size()) {
    for (Node& node : graph.nodes) {
      maker[node.output] = &node;
      for (ValueId id : node.inputs) ++reads[id];
    }
    for (ValueId id : graph.outputs) ++reads[id];
  }
  /// A constant that was just appended to the graph's values, with so many readers.
  void add_constant(int readers) {
    maker.push_back(nullptr);
    reads.push_back(readers);
  }
};

/// Where node `by` does all that `layer` did, and more: it is called as the layer was, which is what people
/// know it by. Only an output of the graph keeps its own name.
inline void take_name(Graph& graph, const Node& by, const Node& layer) {
  if (std::find(graph.outputs.begin(), graph.outputs.end(), by.output) == graph.outputs.end())
    std::swap(graph.values[by.output].name, graph.values[layer.output].name);
}

}  // namespace netsuke
