// How long each layer of a network takes with fewer weights.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "graph/graph.h"
#include "runtime/timings.h"

namespace netsuke::runtime {

/// Nanoseconds that one thread takes for one image of a layer, by its node's name, that keeps so many
/// weights, with the kernel that is fastest then: as measured where `measured` (which may be null) knows the
/// shape, else by estimate. Weights are thought of as floats: codes (kernels/gemm/codes-inl.h) may be faster
/// still. 0 for layers whose time does not depend on their weights, depthwise ones among them. Does not refer
/// to `graph` or `measured` any more.
std::function<double(const std::string& layer, int64_t kept)> layer_times(const Graph& graph,
                                                                          const Timings* measured);

}  // namespace netsuke::runtime
