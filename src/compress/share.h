// Weight sharing, or trained quantization (Deep Compression, section 3): the kept weights of a layer take few
// values.
#pragma once

#include "compress/kmeans.h"
#include "compress/targets.h"

namespace netsuke::compress {

struct ShareOptions {
  PerLayer<int> bits{.all = {}, .by_key = {{"conv", 8}, {"linear", 5}}};  ///< 2^bits centroids; 1 to 16
  Initialisation start = Initialisation::linear;
  uint64_t seed = 1;
  int max_iterations = 500;
  bool half_centroids = false;  ///< round centroids to 16-bit floats, which halves the codebook
};

/// Clusters the kept weights of each layer that has bits: Sparse becomes SparseCodebook and Dense Codebook;
/// shared weights are clustered anew. A layer that keeps nothing stays as it is. Throws Error(usage) for bits
/// out of range.
Graph share(const Graph& graph, const ShareOptions& options);

}  // namespace netsuke::compress
