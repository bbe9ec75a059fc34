// Weight sharing that knows what a mistake costs and what a code costs.
#pragma once

#include "compress/kmeans.h"

namespace netsuke::compress {

struct RateOptions {
  int clusters = 64;         ///< where it starts, evenly laid; what does not pay for itself goes
  std::vector<float> start;  ///< centroids to start from instead, if any
  /// Loss that one bit is worth. 0: bits are free, and the result is k-means weighted by importance.
  double slope = 0;
  double centroid_bits = 14;  ///< what a centroid costs in the codebook
  int max_iterations = 30;
};

struct RateClustering {
  Clustering clusters;   ///< its squared_error counts importance
  double code_bits = 0;  ///< of all codes together, by their zero-order entropy
  /// What was minimised: half the squared error, and slope times the bits of codes and codebook.
  double cost = 0;
};

/// Entropy-constrained scalar quantization (Chou, Lookabaugh and Gray 1989; for networks Choi 2017, who also
/// weights the error by the Hessian): each value i goes to the centroid c of least
///   importance_i / 2 (value_i - c)^2 + slope x (-log2 of the share of values that have c)
/// and each centroid to the weighted mean of its values, until nothing changes. `importance` has one number
/// of 0 or more for each value, or none for 1 each. Throws Error(usage) for a number of clusters out of
/// range.
RateClustering rate_quantize(std::span<const float> values, std::span<const float> importance,
                             const RateOptions& options);

/// The best of rate_quantize() from 3, 4, 5, 7, 9, ... up to `options.clusters` clusters: each finds an
/// optimum near its start only.
RateClustering best_rate_quantize(std::span<const float> values, std::span<const float> importance,
                                  const RateOptions& options);

}  // namespace netsuke::compress
