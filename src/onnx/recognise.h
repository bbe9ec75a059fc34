// Exporters spell one operation as several; here they become one again.
#pragma once

#include "graph/graph.h"

namespace netsuke::onnx {

/// Merges: Reshape, Transpose, Reshape into ChannelShuffle; instance norms between Reshapes into group norms,
/// with factors and sums of channels behind them; clip(x + 3, 0, 6) / 6 into HardSigmoid and its
/// product with x into HardSwish; a Reshape before a Flatten into that; a constant added to the output of a
/// convolution or linear layer into its bias; comparisons with 0 that choose 1 or -1 into Sign, and the means
/// of |x| over channels and a window into InputScale. The graph computes the same.
Graph recognise(Graph graph);

}  // namespace netsuke::onnx
