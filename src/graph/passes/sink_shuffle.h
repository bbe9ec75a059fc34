// Channel shuffles where they cost the least.
#pragma once

#include "graph/graph.h"

namespace netsuke {

/// Every channel shuffle that only a depthwise convolution reads, and that only another convolution, stands
/// behind it: the first one keeps channels apart, so its filters change places instead. Behind a stride there
/// is less to move, and the convolution that reads the shuffle may do without (ShuffleNet's unit, figure 2:
/// 1x1, shuffle, depthwise, 1x1). Convolutions that share weights, or have computed ones, are left alone.
Graph sink_channel_shuffles(const Graph& graph);

}  // namespace netsuke
