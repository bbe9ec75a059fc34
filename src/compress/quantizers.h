// Ways to let the kept weights of a layer take few values, compared by what matters: bytes at equal loss.
#pragma once

#include <functional>

#include "compress/kmeans.h"

namespace netsuke::compress {

/// What is to be shared, and how finely.
struct QuantizerInput {
  std::span<const float> values;
  std::span<const float> importance;  ///< F of each value, or none for 1 each
  int bits = 5;
  Initialisation start = Initialisation::linear;  ///< of k-means
  uint64_t seed = 1;
  int max_iterations = 500;
};

/// Half the sum of importance x (value - its centroid)^2.
double sharing_loss(const QuantizerInput& input, const Clustering& clusters);

struct Quantizer {
  std::string_view name;
  std::string_view about;
  Clustering (*cluster)(const QuantizerInput& input);
};

/// "kmeans": 2^bits centroids of least squared error (Deep Compression);
/// "hessian": 2^bits centroids of least weighted error (Choi 2017, section 3.3);
/// "rate": entropy-constrained, at the loss of k-means: fewer bits where codes may be rare;
/// "grid": the means of cells of equal width, as many as the loss of k-means asks for.
std::span<const Quantizer> quantizers();

/// Of all quantizers() that lose at most what k-means loses the one whose `bytes` are fewest.
Clustering best_quantized(const QuantizerInput& input, const std::function<size_t(const Clustering&)>& bytes);

}  // namespace netsuke::compress
