// The graph section: everything of a Graph but its weights' values and its metadata.
#pragma once

#include <vector>

#include "graph/graph.h"
#include "model/format.h"

namespace netsuke::model {

/// A graph whose constants have names but no weights yet.
struct GraphSection {
  Graph graph;
  std::vector<ValueId> constants;  ///< in the order of their records in the weights section
};

/// From the section's unpacked block. Values are numbered as they come: inputs, then for each node its new
/// constants and its output. Throws Error(input), or Error(unsupported) for an op that this version does not
/// have.
GraphSection read_graph_section(ByteView block, std::string_view what);

}  // namespace netsuke::model
