// What a network costs before anything is measured.
#pragma once

#include <vector>

#include "graph/graph.h"

namespace netsuke {

/// Of one node at batch 1. 1 MAC = 1 multiply-add; only convolutions and linear layers have any.
struct NodeCost {
  Shape output;
  int64_t parameters = 0;  ///< elements of its constants
  int64_t macs = 0;
  int64_t activation_bytes = 0;  ///< its output in 32-bit floats
};

/// One entry for each node, in order.
std::vector<NodeCost> cost(const Graph& graph);

int64_t total_macs(const Graph& graph);

/// 4 bytes for every parameter: the baseline of every ratio we print.
int64_t bytes_fp32(const Graph& graph);

}  // namespace netsuke
