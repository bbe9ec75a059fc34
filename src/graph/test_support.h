#pragma once

#include "base/random.h"
#include "graph/graph.h"

namespace netsuke {

/// Four inputs for a graph.
inline Tensor random_batch(const Graph& graph, uint64_t seed) {
  Shape shape = graph.values[graph.inputs[0]].shape;
  shape[0] = 4;
  Tensor batch(shape);
  Random random(seed);
  for (float& v : batch.data) v = static_cast<float>(random.normal());
  return batch;
}

}  // namespace netsuke
