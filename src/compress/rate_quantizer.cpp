#include "compress/rate_quantizer.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace netsuke::compress {
namespace {

struct Centroid {
  double value = 0;
  double length = 0;  ///< bits of its code
};

std::vector<Centroid> evenly_laid(std::span<const float> values, size_t count) {
  const auto [least, largest] = std::ranges::minmax(values);
  const double low = least, span = static_cast<double>(largest) - low;
  std::vector<Centroid> centroids(span > 0 ? count : 1);
  const double steps = static_cast<double>(std::max<size_t>(1, centroids.size() - 1));
  for (size_t i = 0; i < centroids.size(); ++i)
    centroids[i] = {low + span * static_cast<double>(i) / steps,
                    std::log2(static_cast<double>(centroids.size()))};
  return centroids;
}

class RateQuantizer {
 public:
  RateQuantizer(std::span<const float> values, std::span<const float> importance, const RateOptions& options)
      : values_(values), importance_(importance), options_(options), codes_(values.size()) {
    centroids_ = evenly_laid(values, std::min(static_cast<size_t>(options.clusters), values.size()));
    if (options.start.empty()) return;
    centroids_.clear();
    for (const float value : options.start)
      centroids_.push_back({value, std::log2(static_cast<double>(options.start.size()))});
  }

  RateClustering run() {
    RateClustering result;
    Clustering& clusters = result.clusters;
    for (; clusters.iterations < options_.max_iterations && !clusters.converged; ++clusters.iterations) {
      clusters.converged = !assign() && clusters.iterations > 0;
      move();
    }
    for (const Centroid& c : centroids_) clusters.centroids.push_back(static_cast<float>(c.value));
    merge_equal(clusters.centroids);
    clusters.codes = codes_;
    for (size_t i = 0; i < values_.size(); ++i) {
      const double apart =
          static_cast<double>(values_[i]) - static_cast<double>(clusters.centroids[codes_[i]]);
      clusters.squared_error += weight_of(i) * apart * apart;
      result.code_bits += centroids_[codes_[i]].length;
    }
    const double bits =
        result.code_bits + options_.centroid_bits * static_cast<double>(clusters.centroids.size());
    result.cost = clusters.squared_error / 2 + options_.slope * bits;
    return result;
  }

 private:
  double weight_of(size_t i) const { return importance_.empty() ? 1 : static_cast<double>(importance_[i]); }

  /// True if any value changed its centroid.
  bool assign() {
    bool changed = false;
    for (size_t i = 0; i < values_.size(); ++i) {
      const double value = values_[i], half = weight_of(i) / 2;
      size_t best = 0;
      double least = HUGE_VAL;
      for (size_t c = 0; c < centroids_.size(); ++c) {
        const double apart = value - centroids_[c].value;
        // Where nothing is at stake the nearest one is as good as any, and keeps codes in order.
        const double cost = half * apart * apart + options_.slope * centroids_[c].length;
        if (cost < least) {
          least = cost;
          best = c;
        }
      }
      changed |= codes_[i] != best;
      codes_[i] = static_cast<uint16_t>(best);
    }
    return changed;
  }

  /// Centroids to the means of their values, code lengths to what their shares make them; empty ones go.
  void move() {
    struct Sum {
      double weight = 0, value = 0, plain = 0;
      size_t count = 0;
    };
    std::vector<Sum> sums(centroids_.size());
    for (size_t i = 0; i < values_.size(); ++i) {
      Sum& sum = sums[codes_[i]];
      const double weight = weight_of(i), value = values_[i];
      sum.weight += weight;
      sum.value += weight * value;
      sum.plain += value;
      ++sum.count;
    }
    std::vector<Centroid> moved;
    std::vector<uint16_t> renamed(centroids_.size());
    for (size_t c = 0; c < centroids_.size(); ++c) {
      const Sum& sum = sums[c];
      if (sum.count == 0) continue;
      const auto count = static_cast<double>(sum.count);
      renamed[c] = static_cast<uint16_t>(moved.size());
      moved.push_back({sum.weight > 0 ? sum.value / sum.weight : sum.plain / count,
                       std::log2(static_cast<double>(values_.size()) / count)});
    }
    for (uint16_t& code : codes_) code = renamed[code];
    centroids_ = std::move(moved);
    sort();
  }

  /// Weighted means of values in order may come out of order where weights differ wildly.
  void sort() {
    const auto before = [](const Centroid& a, const Centroid& b) { return a.value < b.value; };
    if (std::ranges::is_sorted(centroids_, before)) return;
    std::vector<uint16_t> order(centroids_.size()), place(centroids_.size());
    for (size_t c = 0; c < order.size(); ++c) order[c] = static_cast<uint16_t>(c);
    std::ranges::stable_sort(order,
                             [&](uint16_t a, uint16_t b) { return before(centroids_[a], centroids_[b]); });
    std::vector<Centroid> sorted;
    for (size_t c = 0; c < order.size(); ++c) {
      place[order[c]] = static_cast<uint16_t>(c);
      sorted.push_back(centroids_[order[c]]);
    }
    for (uint16_t& code : codes_) code = place[code];
    centroids_ = std::move(sorted);
  }

  /// Centroids that are one float become one.
  void merge_equal(std::vector<float>& centroids) {
    std::vector<uint16_t> renamed;
    std::vector<float> distinct;
    std::vector<Centroid> kept;
    for (size_t c = 0; c < centroids.size(); ++c) {
      if (distinct.empty() || distinct.back() != centroids[c]) {
        distinct.push_back(centroids[c]);
        kept.push_back(centroids_[c]);
      }
      renamed.push_back(static_cast<uint16_t>(distinct.size() - 1));
    }
    for (uint16_t& code : codes_) code = renamed[code];
    centroids = std::move(distinct);
    centroids_ = std::move(kept);
  }

  std::span<const float> values_, importance_;
  const RateOptions& options_;
  std::vector<Centroid> centroids_;
  std::vector<uint16_t> codes_;
};

}  // namespace

RateClustering rate_quantize(std::span<const float> values, std::span<const float> importance,
                             const RateOptions& options) {
  if (options.clusters < 1 || options.clusters > 65536)
    fail(ErrorCode::usage, "rate quantizer: ", options.clusters,
         " clusters were asked for, 1 to 65536 are accepted");
  if (values.empty()) return {};
  return RateQuantizer(values, importance, options).run();
}

RateClustering best_rate_quantize(std::span<const float> values, std::span<const float> importance,
                                  const RateOptions& options) {
  RateOptions tried = options;
  RateClustering best;
  best.cost = HUGE_VAL;
  for (tried.clusters = std::min(3, options.clusters);;
       tried.clusters = std::min((tried.clusters * 5 + 3) / 4, options.clusters)) {
    RateClustering next = rate_quantize(values, importance, tried);
    if (next.cost < best.cost) best = std::move(next);
    if (tried.clusters == options.clusters) break;
  }
  return best;
}

}  // namespace netsuke::compress
