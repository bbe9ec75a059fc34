#include "compress/allocate.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/error.h"
#include "compress/mask.h"
#include "compress/rate_quantizer.h"

namespace netsuke::compress {
namespace {

constexpr int kDensities = 200;  ///< tried of each layer, evenly spaced on a logarithmic scale
constexpr int kHalvings = 60;
constexpr int kRounds = 3;        ///< of densities for what codes cost, and of what codes cost at densities
constexpr double kFirstCode = 4;  ///< bits a code, before anything is known
/// Below that a layer of one value everywhere would look cheaper than a pruned one.
constexpr double kLeastCode = 2;

/// Retraining makes up for most of what pruning loses, and for less of what coarse codes lose (LeNet-300-100
/// at equal bytes: measured in docs/methods/search.md).
constexpr double kLeftOfPruning = 0.1;

double binary_entropy(double share) {
  if (share <= 0 || share >= 1) return 0;
  return -share * std::log2(share) - (1 - share) * std::log2(1 - share);
}

double place_bits(int64_t kept, int64_t elements) {
  return static_cast<double>(elements) *
         binary_entropy(static_cast<double>(kept) / static_cast<double>(elements));
}

/// One layer's choices.
class Layer {
 public:
  Layer(const Graph& graph, const Target& target, const Curvature& curvature, const AllocateOptions& options)
      : weight_(*graph.values[target.value].weight),
        options_(options),
        curvature_(kept_curvature(graph, target, curvature)),
        coding_(options.coding.share(target.name)) {
    result_.target = target;
    result_.elements = weight_count(weight_);
    std::vector<float> sorted = saliencies(weight_, curvature_);
    std::ranges::sort(sorted, std::greater<>());
    std::vector<double> losses(sorted.size() + 1);  // of keeping the first n
    for (size_t n = sorted.size(); n-- > 0;) losses[n] = losses[n + 1] + static_cast<double>(sorted[n]);
    for (const int64_t kept : densities(std::ssize(sorted)))
      choices_.push_back({kept, losses[static_cast<size_t>(kept)], place_bits(kept, result_.elements)});
  }

  /// The best choice at this slope.
  void choose(double slope) {
    double least = HUGE_VAL;
    for (const Choice& choice : choices_) {
      const double cost = kLeftOfPruning * choice.loss + slope * bits(choice);
      if (cost > least) continue;
      least = cost;
      chosen_ = choice;
    }
    result_.kept = chosen_.kept;
    result_.bytes = bits(chosen_) / 8;
    result_.loss = chosen_.loss + sharing_loss_;
  }

  /// Learns from the quantizer what a code costs at what was chosen.
  void price_codes(double slope) {
    if (chosen_.kept == 0) return;
    const std::vector<bool> keep =
        largest(saliencies(weight_, curvature_), static_cast<size_t>(chosen_.kept));
    std::vector<float> values, importance;
    const std::vector<float> all = kept_values(weight_);
    for (size_t i = 0; i < all.size(); ++i) {
      if (!keep[i]) continue;
      values.push_back(all[i]);
      importance.push_back(curvature_[i]);
    }
    const RateOptions rate{.clusters = options_.most_clusters, .slope = slope};
    const RateClustering shared = best_rate_quantize(values, importance, rate);
    code_bits_ = std::max(kLeastCode, shared.code_bits / static_cast<double>(values.size()));
    book_bits_ = rate.centroid_bits * static_cast<double>(shared.clusters.centroids.size());
    sharing_loss_ = shared.clusters.squared_error / 2;
  }

  const LayerAllocation& result() const { return result_; }

 private:
  struct Choice {
    int64_t kept = 0;
    double loss = 0;
    double place_bits = 0;
  };

  /// From the fewest that may stay to all.
  std::vector<int64_t> densities(int64_t kept) const {
    std::vector<int64_t> counts;
    for (int i = 0; i <= kDensities; ++i) {
      const double share = std::pow(options_.least_kept, 1 - static_cast<double>(i) / kDensities);
      const auto count = static_cast<int64_t>(std::ceil(share * static_cast<double>(kept)));
      if (counts.empty() || counts.back() != count) counts.push_back(count);
    }
    return counts;
  }
  double bits(const Choice& choice) const {
    return coding_ * (choice.place_bits + code_bits_ * static_cast<double>(choice.kept)) + book_bits_;
  }

  const Weight& weight_;
  const AllocateOptions& options_;
  std::vector<float> curvature_;
  double coding_;
  std::vector<Choice> choices_;
  Choice chosen_;
  double code_bits_ = kFirstCode, book_bits_ = 0, sharing_loss_ = 0;
  LayerAllocation result_;
};

double expected_bytes(const std::vector<Layer>& layers, const CodingModel& coding) {
  double bytes = coding.rest();
  for (const Layer& layer : layers) bytes += layer.result().bytes;
  return bytes;
}

double bytes_at(double slope, std::vector<Layer>& layers, const CodingModel& coding) {
  for (Layer& layer : layers) layer.choose(slope);
  return expected_bytes(layers, coding);
}

/// Sets every layer to the best choice at the slope that reaches the bytes, and gives that slope. Where
/// pruning may not go so far, it is the slope that comes near to what it may: a steeper one would crush the
/// codes.
double meet(std::vector<Layer>& layers, const AllocateOptions& options) {
  constexpr double kNear = 1.02;
  double low = -60, high = 20;  // binary logarithms of slopes too small and large enough
  const double least = bytes_at(std::exp2(high), layers, options.coding);
  const double wanted = std::max(options.bytes, kNear * least);
  for (int i = 0; i < kHalvings; ++i) {
    const double middle = (low + high) / 2;
    (bytes_at(std::exp2(middle), layers, options.coding) > wanted ? low : high) = middle;
  }
  bytes_at(std::exp2(high), layers, options.coding);
  return std::exp2(high);
}

}  // namespace

CodingModel::CodingModel(const Graph& graph, const Ledger& ledger)
    : rest_(static_cast<double>(ledger.file_bytes)) {
  std::map<ValueId, std::string> names;
  for (const Target& target : weight_targets(graph)) names[target.value] = target.name;
  double coded_bytes = 0, entropy_bytes = 0;
  for (const TensorLedger& tensor : ledger.tensors) {
    if (!names.contains(tensor.value) || tensor.entropy_bytes <= 0) continue;
    const auto coded = static_cast<double>(tensor.codes_bytes + tensor.index_bytes);
    shares_[names[tensor.value]] = coded / tensor.entropy_bytes;
    coded_bytes += coded;
    entropy_bytes += tensor.entropy_bytes;
    rest_ -= coded + static_cast<double>(tensor.codebook_bytes);
  }
  if (entropy_bytes > 0) mean_ = coded_bytes / entropy_bytes;
}

double CodingModel::share(const std::string& layer) const {
  const auto found = shares_.find(layer);
  return found == shares_.end() ? mean_ : found->second;
}

Allocation allocate(const Graph& graph, const Curvature& curvature, const AllocateOptions& options) {
  std::vector<Layer> layers;
  for (const Target& target : weight_targets(graph)) layers.emplace_back(graph, target, curvature, options);
  Allocation result;
  for (int round = 0; round < kRounds; ++round) {
    result.slope = meet(layers, options);
    for (Layer& layer : layers) layer.price_codes(result.slope);
  }
  result.slope = meet(layers, options);
  result.bytes = expected_bytes(layers, options.coding);
  for (const Layer& layer : layers) {
    result.layers.push_back(layer.result());
    result.loss += layer.result().loss;
  }
  return result;
}

Graph prune_as(const Graph& graph, const Curvature& curvature, const Allocation& allocation) {
  Graph result = graph;
  for (const LayerAllocation& layer : allocation.layers) {
    const Weight& weight = *graph.values[layer.target.value].weight;
    const std::vector<float> scores = saliencies(weight, kept_curvature(graph, layer.target, curvature));
    result.values[layer.target.value].weight =
        keep_only(weight, largest(scores, static_cast<size_t>(layer.kept)));
  }
  return result;
}

Graph share_at(const Graph& graph, const Curvature& curvature, double slope, int most_clusters) {
  Graph result = graph;
  for (const Target& target : weight_targets(graph)) {
    const Weight& weight = *graph.values[target.value].weight;
    if (kept_count(weight) == 0) continue;
    const std::vector<float> values = kept_values(weight);
    const std::vector<float> importance = kept_curvature(graph, target, curvature);
    RateClustering shared =
        best_rate_quantize(values, importance, {.clusters = most_clusters, .slope = slope});
    round_centroids(shared.clusters);
    result.values[target.value].weight =
        with_codebook(weight, std::move(shared.clusters.centroids), std::move(shared.clusters.codes));
  }
  return result;
}

}  // namespace netsuke::compress
