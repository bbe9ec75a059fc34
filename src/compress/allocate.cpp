#include "compress/allocate.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/error.h"
#include "base/function_ref.h"
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

/// What a bit of the file and a nanosecond of an image are worth, in nats.
struct Slopes {
  double bit = 0, ns = 0;
};

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
      choices_.push_back({kept, losses[static_cast<size_t>(kept)], place_bits(kept, result_.elements),
                          options.times ? options.times(target.name, kept) : 0});
  }

  /// The best choice at these slopes. Of equals the one that keeps most.
  void choose(Slopes slopes) {
    double least = HUGE_VAL;
    for (const Choice& choice : choices_) {
      const double cost = kLeftOfPruning * choice.loss + slopes.bit * bits(choice) + slopes.ns * choice.ns;
      if (cost > least) continue;
      least = cost;
      chosen_ = choice;
    }
    result_.kept = chosen_.kept;
    result_.bytes = bits(chosen_) / 8;
    result_.ns = chosen_.ns;
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
    double ns = 0;
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

/// Slopes too small and too large for any network, as binary logarithms.
constexpr double kFlat = -60, kSteep = 20;

/// The least slope at which `measure` (which falls as slopes grow) comes down to `wanted`; where it never
/// does, the one at which it comes near to its least: a steeper one would crush the codes.
double least_slope(double wanted, FunctionRef<double(double)> measure) {
  constexpr double kNear = 1.02;
  double low = kFlat, high = kSteep;
  const double reached = std::max(wanted, kNear * measure(std::exp2(high)));
  for (int i = 0; i < kHalvings; ++i) {
    const double middle = (low + high) / 2;
    (measure(std::exp2(middle)) > reached ? low : high) = middle;
  }
  measure(std::exp2(high));
  return std::exp2(high);
}

/// All layers, chosen for together.
class Network {
 public:
  Network(const Graph& graph, const Curvature& curvature, const AllocateOptions& options)
      : options_(options) {
    for (const Target& target : weight_targets(graph))
      layers_.emplace_back(graph, target, curvature, options_);
  }

  /// Sets every layer to the best choice at the slopes that reach what was asked for, and gives the bit's.
  double meet() {
    if (options_.bytes <= 0) return meet_time(0), 0;
    return least_slope(options_.bytes, [&](double bit) {
      meet_time(bit);
      return bytes();
    });
  }
  void price_codes(double slope) {
    for (Layer& layer : layers_) layer.price_codes(slope);
  }
  Allocation result(double slope) const {
    Allocation result{.slope = slope, .layers = {}, .bytes = bytes(), .ns = ns()};
    for (const Layer& layer : layers_) {
      result.layers.push_back(layer.result());
      result.loss += layer.result().loss;
    }
    return result;
  }

 private:
  void choose(Slopes slopes) {
    for (Layer& layer : layers_) layer.choose(slopes);
  }
  /// The same for the time, at this slope of bits. It is left alone where it is short enough already.
  void meet_time(double bit) {
    choose({bit, 0});
    if (options_.ns <= 0 || ns() <= options_.ns) return;
    least_slope(options_.ns, [&](double slope) {
      choose({bit, slope});
      return ns();
    });
  }
  double bytes() const {
    double bytes = options_.coding.rest();
    for (const Layer& layer : layers_) bytes += layer.result().bytes;
    return bytes;
  }
  double ns() const {
    double ns = 0;
    for (const Layer& layer : layers_) ns += layer.result().ns;
    return ns;
  }

  const AllocateOptions& options_;
  std::vector<Layer> layers_;
};

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
  if (options.bytes <= 0 && options.ns <= 0)
    fail(ErrorCode::usage, "allocate: neither bytes nor time asked for");
  if (options.ns > 0 && !options.times)
    fail(ErrorCode::usage, "allocate: asked for a time, but no times are known");
  Network network(graph, curvature, options);
  for (int round = 0; round < kRounds; ++round) network.price_codes(network.meet());
  const double slope = network.meet();
  return network.result(slope);
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
