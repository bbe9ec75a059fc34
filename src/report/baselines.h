// What general-purpose compressors make of a network's floats.
#pragma once

#include <cstddef>

#include "graph/graph.h"

namespace netsuke::report {

/// What general-purpose compressors make of the float parameters, the honest baseline. Files of more than
/// `limit` bytes are judged by their first `limit` bytes, scaled up.
struct Baselines {
  double gzip9 = 0;
  double zstd19 = 0;
  bool sampled = false;
};
Baselines baselines(const Graph& graph, size_t limit = 4'000'000);

}  // namespace netsuke::report
