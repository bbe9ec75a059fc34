// Graphs as text, for tests, bug reports and reading:
//
//   graph tiny
//   input data 1x1x4x4
//   weight conv1.weight 2x1x3x3
//   weight conv1.bias 2 = 0 0.5
//   meta input.scale = 0.00392
//   conv1 = conv2d(data, conv1.weight, conv1.bias) pad=1,1,1,1
//   relu1 = relu(conv1)
//   output relu1
#pragma once

#include <string>
#include <string_view>

#include "graph/graph.h"

namespace netsuke {

/// Attributes equal to their defaults are left out. Weights of at most `values_up_to` elements show their
/// values; others only their shape and encoding (as a comment).
std::string to_text(const Graph& graph, int64_t values_up_to = 16);

/// The inverse; weights without values are zeros. Throws Error(input) naming the line.
Graph graph_from_text(std::string_view text);

}  // namespace netsuke
