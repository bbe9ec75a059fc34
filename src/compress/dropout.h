// Dropout for a pruned network: fewer connections overfit less.
#pragma once

#include "graph/graph.h"

namespace netsuke::compress {

/// Sets every Dropout's ratio to D_o sqrt(C_ir / C_io) (Han 2015, section 3.2): D_o is the ratio of the node
/// with the same name in `original`, C the connections kept by the layers that read the dropped values, now
/// and there. A Dropout that no layer with weights reads keeps its ratio. Throws Error(input) when `original`
/// lacks a node.
Graph adjust_dropout(const Graph& pruned, const Graph& original);

}  // namespace netsuke::compress
