// A batch norm in front of a sign as the one number a channel that it comes to.
#pragma once

#include "graph/graph.h"

namespace netsuke {

/// sign(scale (x - mean) / deviation + bias) is 1 where x is on one side of a threshold (XNOR-Net's blocks):
/// every batch norm that only signs read becomes the subtraction of that threshold, one float a channel
/// instead of four. A negative scale turns the signs around, which the weights of the layers behind make up
/// for: those that are not all binary, or whose weights others share, keep such a batch norm. The signs are
/// the same, but for values within a rounding of the threshold.
Graph with_sign_thresholds(const Graph& graph);

}  // namespace netsuke
