// Writing the graph section; the inverse of graph_section.h.
#pragma once

#include "graph/graph.h"
#include "model/format.h"

namespace netsuke::model {

/// The section's block, before coding. The graph must be in file order. Throws Error(unsupported) for a name
/// of more than kLongestName bytes.
Bytes write_graph_section(const Graph& graph);

}  // namespace netsuke::model
