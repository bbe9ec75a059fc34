#include "compress/quantize.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "base/error.h"
#include "compress/mask.h"

namespace netsuke::compress {
namespace {

struct Grid {
  float low = 0;
  float step = 0;
  size_t points = 1;
};

/// From the least to the largest value. When zero must lie on it, the grid moves by up to half a step, so
/// that both ends are still within half a step of a point.
Grid lay_grid(std::span<const float> values, int bits) {
  const auto [least, largest] = std::minmax_element(values.begin(), values.end());
  const size_t points = size_t{1} << bits;
  Grid grid{*least, 0, points};
  const double span = static_cast<double>(*largest) - static_cast<double>(*least);
  grid.step = static_cast<float>(span / static_cast<double>(points - 1));
  if (!(grid.step > 0)) return {*least, 0, 1};
  if (std::find(values.begin(), values.end(), 0.0f) != values.end()) {
    const double zero_at = std::round(-static_cast<double>(*least) / static_cast<double>(grid.step));
    grid.low = -static_cast<float>(zero_at * static_cast<double>(grid.step));
  }
  return grid;
}

size_t nearest_point(const Grid& grid, float value) {
  if (grid.points == 1) return 0;
  const double at =
      (static_cast<double>(value) - static_cast<double>(grid.low)) / static_cast<double>(grid.step);
  return static_cast<size_t>(std::clamp(std::round(at), 0.0, static_cast<double>(grid.points - 1)));
}

}  // namespace

float grid_point(float low, float step, size_t i) {
  // The product of two floats is exact in double, so the conversion is its one rounding, and no compiler may
  // fuse it with the sum.
  const auto product = static_cast<float>(static_cast<double>(i) * static_cast<double>(step));
  return low + product;
}

WeightPtr quantize(const Weight& weight, int bits) {
  if (bits < 1 || bits > 16) fail(ErrorCode::usage, "bits: found ", bits, ", expected 1 to 16");
  const std::vector<float> values = kept_values(weight);
  if (values.empty()) return std::make_shared<const Weight>(weight);
  const Grid grid = lay_grid(values, bits);
  std::vector<uint16_t> codes;
  for (float value : values) codes.push_back(static_cast<uint16_t>(nearest_point(grid, value)));
  std::vector<float> centroids(size_t{*std::max_element(codes.begin(), codes.end())} + 1);
  for (size_t i = 0; i < centroids.size(); ++i) centroids[i] = grid_point(grid.low, grid.step, i);
  return with_codebook(weight, std::move(centroids), std::move(codes));
}

namespace {

/// The nearest multiple of 2^(exponent - bits), where 2^exponent is the power of two above `size`.
float round_relative(float value, float size, int bits) {
  int exponent = 0;
  std::frexp(size, &exponent);
  const double step = std::ldexp(1.0, exponent - bits);
  return step > 0 && std::isfinite(value) ? static_cast<float>(std::round(value / step) * step) : value;
}

/// Channels of one batch norm may differ by powers of ten, and what follows sees all of them alike: it
/// divides by the deviation. So factors and variances keep so many significant bits, and means are as exact
/// as their channel's deviation.
class NormRounder {
 public:
  explicit NormRounder(const Graph& graph) : graph_(graph) {
    for (const Node& node : graph.nodes)
      for (size_t i = 0; i < node.inputs.size(); ++i) {
        const bool is_own =
            (std::holds_alternative<BatchNorm>(node.op) && (i == kScale || i == kMean || i == kVariance)) ||
            ((std::holds_alternative<LayerNorm>(node.op) || std::holds_alternative<GroupNorm>(node.op)) &&
             i == kScale);
        // What others read too is rounded as biases are.
        if (!norms_.emplace(node.inputs[i], std::pair(is_own ? &node : nullptr, i)).second)
          norms_[node.inputs[i]].first = nullptr;
      }
  }

  /// Null for what is no factor, mean or variance of a batch norm.
  WeightPtr round(ValueId id, int bits) const {
    const auto& [node, input] = norms_.at(id);
    if (!node) return nullptr;
    Tensor values = to_dense(*graph_.values[id].weight);
    if (input != kMean) {
      for (float& value : values.data) value = round_relative(value, value, bits - 1);
      return make_dense(std::move(values));
    }
    const Tensor variance = to_dense(*graph_.values[node->inputs[kVariance]].weight);
    for (size_t c = 0; c < values.size(); ++c) {
      const float deviation = std::sqrt(variance.data[c] + std::get<BatchNorm>(node->op).epsilon);
      values.data[c] = round_relative(values.data[c], deviation, bits - 1);
    }
    return make_dense(std::move(values));
  }

 private:
  static constexpr size_t kScale = 1, kMean = 3, kVariance = 4;
  const Graph& graph_;
  std::map<ValueId, std::pair<const Node*, size_t>>
      norms_;  ///< the norm, if it is one's own, and which input
};

}  // namespace

Graph round_vectors(const Graph& graph, const PerLayer<int>& bits) {
  constexpr int64_t kBitsOfGrid = 2 * 32;
  Graph result = graph;
  const NormRounder norms(graph);
  const std::vector<Target> targets = vector_targets(graph);
  const auto chosen = resolve(bits, targets, "bits");
  for (size_t i = 0; i < targets.size(); ++i) {
    if (!chosen[i]) continue;
    const Weight& weight = *graph.values[targets[i].value].weight;
    if (WeightPtr of_norm = norms.round(targets[i].value, *chosen[i])) {
      result.values[targets[i].value].weight = std::move(of_norm);
      continue;
    }
    WeightPtr rounded = quantize(weight, *chosen[i]);
    if (kept_count(weight) * *chosen[i] + kBitsOfGrid < kept_count(weight) * 32)
      result.values[targets[i].value].weight = std::move(rounded);
  }
  return result;
}

}  // namespace netsuke::compress
