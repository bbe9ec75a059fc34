// What a network costs before anything is measured.
#pragma once

#include <string_view>
#include <vector>

#include "graph/graph.h"

namespace netsuke {

/// Of one node at batch 1. 1 MAC = 1 multiply-add; only convolutions and linear layers have any.
struct NodeCost {
  Shape output;
  int64_t parameters = 0;  ///< see parameter_count
  int64_t macs = 0;
  int64_t activation_bytes = 0;  ///< its output in 32-bit floats
};

/// One entry for each node, in order.
std::vector<NodeCost> cost(const Graph& graph);

int64_t total_macs(const Graph& graph);

/// The most bytes of activations that are alive at once at batch 1 when nodes run in order: what any plan
/// needs that does not compute in place.
int64_t peak_activation_bytes(const Graph& graph);

/// A kind of layer and its part of a network's cost, as in Table 2 of MobileNet (arXiv 1704.04861).
struct LayerShare {
  std::string_view kind;  ///< "conv 1x1", "conv depthwise", "conv grouped", "conv", "linear", "other"
  int64_t macs = 0;
  int64_t parameters = 0;
};

/// One entry for each kind, in the order above.
std::vector<LayerShare> layer_shares(const Graph& graph);

/// 4 bytes for every element of every constant: the baseline of every ratio we print.
int64_t bytes_fp32(const Graph& graph);

}  // namespace netsuke
