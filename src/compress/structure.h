// Weights that are small already, though nobody said so.
#pragma once

#include "graph/graph.h"

namespace netsuke::compress {

/// Every dense weight whose values show that it was pruned or shared before - mostly zeros, few distinct
/// values, or in each filter of a convolution or linear layer one magnitude - in that form, bit for bit the
/// same: what another tool compressed and then wrote out as floats is small again. Other weights stay as they
/// are.
Graph with_found_structure(const Graph& graph);

}  // namespace netsuke::compress
