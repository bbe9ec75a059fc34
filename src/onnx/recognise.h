// Exporters spell one operation as several; here they become one again.
#pragma once

#include <set>

#include "graph/graph.h"

namespace netsuke::onnx {

/// Merges: Reshape, Transpose, Reshape into ChannelShuffle; instance norms between Reshapes into group norms,
/// with factors and sums of channels behind them; clip(x + 3, 0, 6) / 6 into HardSigmoid and its
/// product with x into HardSwish; a Reshape before a Flatten into that; a constant added to the output of a
/// convolution or linear layer into its bias; comparisons with 0 that choose 1 or -1 into Sign, and the means
/// of |x| over channels and a window into InputScale. The graph computes the same. `turned` are the inputs,
/// by their place among all, that the file itself turns: where nobody reads them otherwise they are taken as
/// what is read.
Graph recognise(Graph graph, const std::set<size_t>& turned);

}  // namespace netsuke::onnx
