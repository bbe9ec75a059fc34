#include "compress/structure.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <unordered_map>

namespace netsuke::compress {
namespace {

// A codebook of so many entries still pays; of a weight with fewer elements no form is worth its header.
constexpr size_t kMostCentroids = 4096, kLeastElements = 64;
/// Below this share of zeros their positions cost more than they save.
constexpr double kLeastZeros = 0.2;

/// Exactly zero; the other zero, -0, is a value of its own.
bool is_zero(float value) { return std::bit_cast<uint32_t>(value) == 0; }

/// The distinct values in ascending order, or none if there are too many of them.
std::vector<float> distinct_values(const std::vector<float>& values, bool with_zero) {
  std::vector<uint32_t> bits;
  std::unordered_map<uint32_t, bool> seen;
  for (float value : values) {
    if (is_zero(value) && !with_zero) continue;
    if (seen.emplace(std::bit_cast<uint32_t>(value), true).second)
      bits.push_back(std::bit_cast<uint32_t>(value));
    if (bits.size() > kMostCentroids) return {};
  }
  std::vector<float> distinct;
  for (uint32_t b : bits) distinct.push_back(std::bit_cast<float>(b));
  std::sort(distinct.begin(), distinct.end());
  return distinct;
}

class Coder {
 public:
  explicit Coder(const std::vector<float>& centroids) {
    for (size_t i = 0; i < centroids.size(); ++i)
      codes_[std::bit_cast<uint32_t>(centroids[i])] = static_cast<uint16_t>(i);
  }
  uint16_t operator()(float value) const { return codes_.at(std::bit_cast<uint32_t>(value)); }

 private:
  std::unordered_map<uint32_t, uint16_t> codes_;
};

/// Signs, if each filter has one magnitude and both signs occur.
WeightPtr as_signs(const Shape& shape, const std::vector<float>& values) {
  if (shape.size() < 2) return nullptr;
  const auto filters = static_cast<size_t>(shape[0]);
  const size_t size = values.size() / filters;
  Signs signs{std::vector<float>(filters), sign_words(values), {}};
  bool negative = false, positive = false;
  for (size_t i = 0; i < values.size(); ++i) {
    float& scale = signs.scales[i / size];
    if (i % size == 0) scale = std::fabs(values[i]);
    if (std::fabs(values[i]) != scale || is_zero(scale)) return nullptr;
    (values[i] < 0 ? negative : positive) = true;
  }
  return negative && positive ? make_weight(shape, std::move(signs)) : nullptr;
}

WeightPtr structured(const WeightPtr& weight) {
  const auto* dense = std::get_if<Dense>(&weight->encoding);
  if (!dense || dense->values.size() < kLeastElements) return weight;
  const std::vector<float>& values = dense->values;
  if (WeightPtr binary = as_signs(weight->shape, values)) return binary;
  const auto zeros = static_cast<double>(std::count_if(values.begin(), values.end(), is_zero));
  const bool sparse = zeros >= kLeastZeros * static_cast<double>(values.size());
  const std::vector<float> centroids = distinct_values(values, !sparse);
  // Shared means that values recur: half as many centroids as kept values save nothing.
  const bool shared = !centroids.empty() && static_cast<double>(centroids.size()) * 2 <=
                                                static_cast<double>(values.size()) - (sparse ? zeros : 0);
  if (!sparse && !shared) return weight;
  const Coder code(shared ? centroids : std::vector<float>{});
  SparseCodebook kept{centroids, {}, {}};
  std::vector<float> floats;
  for (size_t i = 0; i < values.size(); ++i) {
    if (sparse && is_zero(values[i])) continue;
    kept.positions.push_back(static_cast<uint32_t>(i));
    if (shared)
      kept.codes.push_back(code(values[i]));
    else
      floats.push_back(values[i]);
  }
  if (!sparse) return make_weight(weight->shape, Codebook{centroids, std::move(kept.codes)});
  if (!shared) return make_weight(weight->shape, Sparse{std::move(kept.positions), std::move(floats)});
  return make_weight(weight->shape, std::move(kept));
}

}  // namespace

Graph with_found_structure(const Graph& graph) {
  Graph found = graph;
  for (Value& value : found.values)
    if (value.weight) value.weight = structured(value.weight);
  return found;
}

}  // namespace netsuke::compress
