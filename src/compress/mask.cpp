#include "compress/mask.h"

#include <algorithm>
#include <functional>
#include <numeric>

namespace netsuke::compress {
namespace {

template <class T>
std::vector<T> chosen(const std::vector<T>& items, const std::vector<bool>& keep) {
  std::vector<T> result;
  for (size_t i = 0; i < items.size(); ++i)
    if (keep[i]) result.push_back(items[i]);
  return result;
}

}  // namespace

bool is_pruned(const Weight& weight) {
  return std::holds_alternative<Sparse>(weight.encoding) ||
         std::holds_alternative<SparseCodebook>(weight.encoding);
}

std::vector<uint32_t> kept_positions(const Weight& weight) {
  if (const auto* sparse = std::get_if<Sparse>(&weight.encoding)) return sparse->positions;
  if (const auto* shared = std::get_if<SparseCodebook>(&weight.encoding)) return shared->positions;
  std::vector<uint32_t> all(static_cast<size_t>(weight_count(weight)));
  std::iota(all.begin(), all.end(), 0u);
  return all;
}

WeightPtr keep_only(const Weight& weight, const std::vector<bool>& keep) {
  std::vector<uint32_t> positions = chosen(kept_positions(weight), keep);
  const auto shared = [&](const auto& from) {
    return make_weight(weight.shape,
                       SparseCodebook{from.centroids, std::move(positions), chosen(from.codes, keep)});
  };
  if (const auto* codebook = std::get_if<Codebook>(&weight.encoding)) return shared(*codebook);
  if (const auto* codebook = std::get_if<SparseCodebook>(&weight.encoding)) return shared(*codebook);
  return make_weight(weight.shape, Sparse{std::move(positions), chosen(kept_values(weight), keep)});
}

WeightPtr kept_of(const Weight& original, const Weight& pruned) {
  const Tensor values = to_dense(original);
  if (!is_pruned(pruned)) return make_dense(values);
  Sparse kept{kept_positions(pruned), {}};
  for (const uint32_t position : kept.positions) kept.values.push_back(values.data[position]);
  return make_weight(pruned.shape, std::move(kept));
}

WeightPtr with_codebook(const Weight& weight, std::vector<float> centroids, std::vector<uint16_t> codes) {
  if (!is_pruned(weight)) return make_weight(weight.shape, Codebook{std::move(centroids), std::move(codes)});
  return make_weight(weight.shape,
                     SparseCodebook{std::move(centroids), kept_positions(weight), std::move(codes)});
}

std::vector<bool> largest(const std::vector<float>& scores, size_t count) {
  std::vector<bool> keep(scores.size(), true);
  if (count >= scores.size()) return keep;
  std::vector<float> sorted = scores;
  std::nth_element(sorted.begin(), sorted.begin() + static_cast<std::ptrdiff_t>(count), sorted.end(),
                   std::greater<>());
  const float threshold = sorted[count];  // the largest score that need not be kept
  const auto above = static_cast<size_t>(
      std::count_if(scores.begin(), scores.end(), [&](float score) { return score > threshold; }));
  size_t equal_ones = count - above;
  for (size_t i = 0; i < scores.size(); ++i)
    keep[i] = scores[i] > threshold || (scores[i] == threshold && equal_ones > 0 && equal_ones-- > 0);
  return keep;
}

WeightPtr without_codebook(const Weight& weight) {
  if (is_pruned(weight))
    return make_weight(weight.shape, Sparse{kept_positions(weight), kept_values(weight)});
  return make_dense(to_dense(weight));
}

}  // namespace netsuke::compress
