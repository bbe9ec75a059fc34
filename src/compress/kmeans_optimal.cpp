#include "compress/kmeans_optimal.h"

#include <algorithm>
#include <cstdint>
#include <limits>

namespace netsuke::compress {
namespace {

/// Values merged into bins, with sums over the first i bins. Values count from their mean, which keeps
/// squares small.
struct Bins {
  double origin = 0;
  std::vector<double> counts{0}, sums{0}, squares{0};

  Bins(const SortedValues& values, size_t most) {
    const size_t n = values.size(), bins = std::min(n, most);
    origin = values.sum(0, n) / static_cast<double>(n);
    for (size_t bin = 0, first = 0; bin < bins; ++bin) {
      const size_t last = n * (bin + 1) / bins;
      const auto count = static_cast<double>(last - first);
      const double sum = values.sum(first, last) - count * origin;
      counts.push_back(counts.back() + count);
      sums.push_back(sums.back() + sum);
      squares.push_back(squares.back() + sum * sum / count);
      first = last;
    }
  }
  size_t size() const { return counts.size() - 1; }
  double mean(size_t first, size_t last) const {
    return origin + (sums[last] - sums[first]) / (counts[last] - counts[first]);
  }
  /// Sum of squared distances of the bins [first, last) to their mean.
  double cost(size_t first, size_t last) const {
    const double sum = sums[last] - sums[first];
    return std::max(0.0, squares[last] - squares[first] - sum * sum / (counts[last] - counts[first]));
  }
};

/// One row of the table: the least cost of the first j bins in one cluster more than `before`, and where it
/// starts.
struct Row {
  const Bins& bins;
  const std::vector<double>& before;
  std::vector<double>& cost;
  std::vector<uint16_t>& start;
  size_t clusters;

  /// Fills j in [first, last], whose starts are known to lie in [low, high].
  void fill(size_t first, size_t last, size_t low, size_t high) {
    if (first > last) return;
    const size_t j = (first + last) / 2;
    size_t best = low;
    cost[j] = std::numeric_limits<double>::infinity();
    for (size_t i = std::max(low, clusters - 1); i <= std::min(high, j - 1); ++i) {
      const double candidate = before[i] + bins.cost(i, j);
      if (candidate < cost[j]) cost[j] = candidate, best = i;
    }
    start[j] = static_cast<uint16_t>(best);
    fill(first, j - 1, low, best);
    fill(j + 1, last, best, high);
  }
};

}  // namespace

std::vector<double> optimal_centroids(const SortedValues& values, size_t clusters) {
  constexpr size_t kMostBins = size_t{1} << 15, kMostCells = size_t{1} << 24;
  const Bins bins(values, std::clamp(kMostCells / clusters, std::min(kMostBins, 2 * clusters), kMostBins));
  const size_t n = bins.size(), k = std::min(clusters, n);
  std::vector<double> before(n + 1, std::numeric_limits<double>::infinity()), cost(n + 1);
  before[0] = 0;
  std::vector<std::vector<uint16_t>> starts(k, std::vector<uint16_t>(n + 1));
  for (size_t row = 0; row < k; ++row) {
    Row{bins, before, cost, starts[row], row + 1}.fill(row + 1, n, row, n - 1);
    before.swap(cost);
    before[row] = std::numeric_limits<double>::infinity();  // fewer bins than clusters
  }
  std::vector<double> centroids(k);
  for (size_t row = k, last = n; row > 0; --row) {
    const size_t first = starts[row - 1][last];
    centroids[row - 1] = bins.mean(first, last);
    last = first;
  }
  return centroids;
}

}  // namespace netsuke::compress
