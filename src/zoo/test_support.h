// What the zoo's tests count and how they build. For tests only.
#pragma once

#include "base/error.h"
#include "graph/cost.h"
#include "graph/shapes.h"
#include "zoo/zoo.h"

namespace netsuke::zoo {

/// Options with these flags, and an input unless `input` is empty.
inline Options with(std::map<std::string, std::string> flags, Shape input = {}) {
  Options options;
  options.flags = std::move(flags);
  if (!input.empty()) options.input = std::move(input);
  return options;
}

/// build() without drawing weights: for all that only counts.
inline Graph blank(std::string_view name, Options options = {}) {
  options.seed = std::nullopt;
  return build(name, options);
}

/// Over some nodes.
struct Sum {
  int64_t parameters = 0;
  int64_t macs = 0;
  Shape output;  ///< of the last of them
  bool operator==(const Sum&) const = default;
};

/// The node of this name; all whose names start with it where it ends in a separator: "fire2/", "layer4.".
inline Sum sum_of(const Graph& graph, std::string_view name) {
  const bool group = std::string_view("/._").find(name.back()) != std::string_view::npos;
  const std::vector<NodeCost> costs = cost(graph);
  Sum sum;
  for (size_t i = 0; i < costs.size(); ++i) {
    const std::string& found = node_name(graph, graph.nodes[i]);
    if (group ? !found.starts_with(name) : found != name) continue;
    sum.parameters += costs[i].parameters;
    sum.macs += costs[i].macs;
    sum.output = costs[i].output;
  }
  return sum;
}

/// The graph's output shape at batch 1.
inline Shape output_of(const Graph& graph) { return infer_shapes(graph)[graph.outputs[0]]; }

/// What build() says it cannot do, or "no error".
inline std::string message_of(const std::string& name, const Options& options) {
  try {
    build(name, options);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace netsuke::zoo
