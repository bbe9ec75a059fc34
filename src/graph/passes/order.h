// Graphs with only what is needed, numbered in one way.
#pragma once

#include "graph/graph.h"

namespace netsuke {

/// The graph with its values renumbered as a file keeps them: inputs, then for each node its constants that
/// no node before it read, and its output. Constants that no node reads are left out. The Builder numbers in
/// this way. Throws Error(unsupported) for an output that is a constant.
Graph in_file_order(const Graph& graph);

/// The graph's nodes without those that no output depends on.
std::vector<Node> needed_nodes(const Graph& graph);

/// in_file_order of the graph without the nodes that no output depends on.
Graph without_unread(const Graph& graph);

}  // namespace netsuke
