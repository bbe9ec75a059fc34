// k-means in one dimension, exactly as Lloyd's algorithm would have it, on sorted values.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace netsuke::compress {

/// Where centroids start (Deep Compression, section 3.2).
enum class Initialisation {
  linear,   ///< equal steps over [min, max]: best in the paper, because large weights matter
  density,  ///< equal steps of the cumulative distribution
  forgy,    ///< random values of the data
  optimal,  ///< the clustering of least squared error that exists, see kmeans_optimal.h
};

/// "linear", "density", "forgy" or "optimal"; throws Error(usage) otherwise.
Initialisation parse_initialisation(std::string_view name);

struct KMeansOptions {
  int clusters = 32;  ///< 1 to 65,536
  Initialisation start = Initialisation::linear;
  uint64_t seed = 1;         ///< of forgy
  int max_iterations = 500;  ///< stops here even if values still change clusters
};

struct Clustering {
  std::vector<float> centroids;  ///< ascending; at most the clusters asked for, none without values
  std::vector<uint16_t> codes;   ///< for each value the index of its centroid, the nearest one
  double squared_error = 0;      ///< sum over the values of (value - centroid)^2
  int iterations = 0;
  bool converged = false;
};

/// Clusters finite values by Lloyd's algorithm: each value goes to its nearest centroid (the lower of two
/// equally near ones), each centroid to the mean of its values, until nothing moves. A centroid that loses
/// all its values waits where it is for others; if none come it is left out of the result. Sorting takes
/// O(n), an iteration O(k log n). Throws Error(usage) for a number of clusters out of range.
Clustering k_means(std::span<const float> values, const KMeansOptions& options);

/// Rounds centroids to 16-bit floats; neighbours that become the same one are merged.
void round_centroids(Clustering& clusters);

/// For each value the index of its nearest centroid, the lower of two equally near ones; `centroids` ascend
/// and there is at least one.
std::vector<uint16_t> nearest_codes(std::span<const float> values, const std::vector<float>& centroids);

}  // namespace netsuke::compress
