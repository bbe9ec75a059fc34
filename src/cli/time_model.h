// What a search for milliseconds goes by between its measurements.
#pragma once

#include "graph/graph.h"
#include "recipe/run.h"
#include "runtime/timings.h"

namespace netsuke::cli {

/// Layer by layer from timings, which are of other moments than now, and of one thread; the rest counts for
/// as much beside them as it takes beside them in runs of the network.
recipe::TimeModel time_model(const Graph& graph, const runtime::Timings& timings, int threads);

}  // namespace netsuke::cli
