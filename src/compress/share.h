// Weight sharing, or trained quantization (Deep Compression, section 3): the kept weights of a layer take few
// values.
#pragma once

#include "compress/curvature.h"
#include "compress/kmeans.h"

namespace netsuke::compress {

struct ShareOptions {
  PerLayer<int> bits{.all = {}, .by_key = {{"conv", 8}, {"linear", 5}}};  ///< 2^bits centroids; 1 to 16
  Initialisation start = Initialisation::linear;
  uint64_t seed = 1;
  int max_iterations = 500;
  std::string quantizer = "kmeans";  ///< a row of compress/quantizers.h, or "best" for each layer's best
  bool half_centroids = false;       ///< round centroids to 16-bit floats, which halves the codebook
};

/// Clusters the kept weights of each layer that has bits: Sparse becomes SparseCodebook and Dense Codebook;
/// shared weights are clustered anew. A layer that keeps nothing stays as it is. With a curvature, quantizers
/// weight errors by it; without, all weights count alike. "best" takes for each layer the quantizer whose
/// bytes in the file are fewest at no more loss than k-means. Throws Error(usage) for bits out of range or an
/// unknown quantizer.
Graph share(const Graph& graph, const ShareOptions& options, const Curvature* curvature = nullptr);

/// Every shared weight of weight_targets() with its centroids rounded to 16-bit floats, as after training has
/// moved them: the codebook takes half of the bytes.
Graph with_half_centroids(const Graph& graph);

/// True if the quantizer weights errors.
bool wants_curvature(const ShareOptions& options);

}  // namespace netsuke::compress
