#include "compress/kmeans.h"

#include <algorithm>
#include <set>

#include "base/catalog.h"
#include "base/random.h"
#include "compress/kmeans_optimal.h"
#include "compress/sorted.h"
#include "tensor/half.h"

namespace netsuke::compress {
namespace {

std::vector<double> linear_start(const SortedValues& values, size_t clusters) {
  const double low = values[0], high = values[values.size() - 1];
  if (clusters == 1) return {low + (high - low) / 2};
  std::vector<double> centroids(clusters);
  for (size_t i = 0; i < clusters; ++i)
    centroids[i] = low + (high - low) * static_cast<double>(i) / static_cast<double>(clusters - 1);
  return centroids;
}

std::vector<double> density_start(const SortedValues& values, size_t clusters) {
  std::vector<double> centroids(clusters);
  for (size_t i = 0; i < clusters; ++i) centroids[i] = values[(2 * i + 1) * values.size() / (2 * clusters)];
  return centroids;
}

std::vector<double> forgy_start(const SortedValues& values, size_t clusters, uint64_t seed) {
  Random random(seed);
  std::set<uint64_t> chosen;  // Floyd's sampling: as many draws as samples, each index at most once
  for (uint64_t last = values.size() - clusters; last < values.size(); ++last)
    if (!chosen.insert(random.below(last + 1)).second) chosen.insert(last);
  std::vector<double> centroids;
  for (uint64_t index : chosen) centroids.push_back(values[index]);
  return centroids;
}

std::vector<double> start_of(const SortedValues& values, const KMeansOptions& options) {
  const size_t clusters = std::min(static_cast<size_t>(options.clusters), values.size());
  switch (options.start) {
    case Initialisation::linear:
      return linear_start(values, clusters);
    case Initialisation::density:
      return density_start(values, clusters);
    case Initialisation::forgy:
      return forgy_start(values, clusters, options.seed);
    case Initialisation::optimal:
      return optimal_centroids(values, clusters);
  }
  fail(ErrorCode::internal, "an initialisation without a start");
}

/// Values up to bounds[i] are nearest to centroid i, or to one before it.
template <class Number>
std::vector<double> bounds_between(const std::vector<Number>& centroids) {
  std::vector<double> bounds;
  for (size_t i = 0; i + 1 < centroids.size(); ++i)
    bounds.push_back((static_cast<double>(centroids[i]) + static_cast<double>(centroids[i + 1])) / 2);
  return bounds;
}

/// ends[i] is how many values the clusters up to i hold together.
std::vector<size_t> cluster_ends(const SortedValues& values, const std::vector<double>& bounds) {
  std::vector<size_t> ends;
  for (double bound : bounds) ends.push_back(values.count_up_to(bound));
  ends.push_back(values.size());
  return ends;
}

/// Moves centroids to the means of their values until no value changes its cluster.
void lloyd(const SortedValues& values, int max_iterations, std::vector<double>& centroids,
           Clustering& result) {
  std::vector<size_t> previous;
  for (; result.iterations < max_iterations; ++result.iterations) {
    std::vector<size_t> ends = cluster_ends(values, bounds_between(centroids));
    if (ends == previous) {
      result.converged = true;
      return;
    }
    for (size_t i = 0, first = 0; i < centroids.size(); first = ends[i++])
      if (ends[i] > first) centroids[i] = values.sum(first, ends[i]) / static_cast<double>(ends[i] - first);
    previous = std::move(ends);
  }
}

/// The centroids as floats, without those that are nearest to no value.
std::vector<float> used_centroids(const SortedValues& values, const std::vector<double>& centroids) {
  const std::vector<float> rounded(centroids.begin(), centroids.end());
  const std::vector<size_t> ends = cluster_ends(values, bounds_between(rounded));
  std::vector<float> used;
  for (size_t i = 0, first = 0; i < rounded.size(); first = ends[i++])
    if (ends[i] > first) used.push_back(rounded[i]);
  return used;
}

/// How many of `bounds` lie below `value`: a binary search without branches, which processors predict badly
/// here.
uint16_t code_of(const std::vector<double>& bounds, double value) {
  const double* first = bounds.data();
  size_t length = bounds.size();
  while (length > 1) {
    const size_t half = length / 2;
    first += first[half - 1] < value ? half : 0;
    length -= half;
  }
  const bool above = length == 1 && *first < value;
  return static_cast<uint16_t>(first - bounds.data() + above);
}

}  // namespace

Initialisation parse_initialisation(std::string_view name) {
  struct Row {
    std::string_view name;
    Initialisation start;
  };
  static constexpr Row rows[] = {{"linear", Initialisation::linear},
                                 {"density", Initialisation::density},
                                 {"forgy", Initialisation::forgy},
                                 {"optimal", Initialisation::optimal}};
  return find_row<Row>(rows, name, "centroid initialisation").start;
}

std::vector<uint16_t> nearest_codes(std::span<const float> values, const std::vector<float>& centroids) {
  const std::vector<double> bounds = bounds_between(centroids);
  std::vector<uint16_t> codes(values.size());
  for (size_t i = 0; i < values.size(); ++i) codes[i] = code_of(bounds, static_cast<double>(values[i]));
  return codes;
}

void round_centroids(Clustering& clusters) {
  std::vector<float> distinct;
  std::vector<uint16_t> renamed;
  for (const float centroid : clusters.centroids) {
    const float rounded = round_to_half(centroid);
    if (distinct.empty() || distinct.back() != rounded) distinct.push_back(rounded);
    renamed.push_back(static_cast<uint16_t>(distinct.size() - 1));
  }
  for (uint16_t& code : clusters.codes) code = renamed[code];
  clusters.centroids = std::move(distinct);
}

Clustering k_means(std::span<const float> values, const KMeansOptions& options) {
  if (options.clusters < 1 || options.clusters > 65536)
    fail(ErrorCode::usage, "k-means: ", options.clusters,
         " clusters were asked for, 1 to 65536 are accepted");
  Clustering result;
  if (values.empty()) return result;
  const SortedValues sorted(values);
  std::vector<double> centroids = start_of(sorted, options);
  lloyd(sorted, options.max_iterations, centroids, result);
  result.centroids = used_centroids(sorted, centroids);
  result.codes = nearest_codes(values, result.centroids);
  for (size_t i = 0; i < values.size(); ++i) {
    const double distance =
        static_cast<double>(values[i]) - static_cast<double>(result.centroids[result.codes[i]]);
    result.squared_error += distance * distance;
  }
  return result;
}

}  // namespace netsuke::compress
