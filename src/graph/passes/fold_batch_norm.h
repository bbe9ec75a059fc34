// Batch norm as part of the layers beside it.
#pragma once

#include "graph/graph.h"

namespace netsuke {

/// Every batch norm that is the only reader of a convolution or linear layer becomes part of that layer: w
/// scale / sqrt(variance + epsilon), and a bias. One that only a convolution without padding (or a linear
/// layer) reads becomes part of that one; padding forbids it, as its zeros do not pass the batch norm. The
/// layers keep their names and are dense afterwards, but for signs: they stay signs, and have nothing folded
/// into them from in front.
Graph fold_batch_norms(const Graph& graph);

}  // namespace netsuke
