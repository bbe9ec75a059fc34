#include "model/sharing.h"

#include <algorithm>
#include <bit>
#include <numeric>
#include <unordered_set>

namespace netsuke::model {
namespace {

// Sorts as the floats do, with -0 before +0.
uint32_t order_key(float value) {
  const uint32_t word = std::bit_cast<uint32_t>(value);
  return (word >> 31) != 0 ? ~word : word | 0x80000000u;
}

bool before(float a, float b) { return order_key(a) < order_key(b); }

void sort_distinct(std::vector<float>& values) {
  std::sort(values.begin(), values.end(), before);
  const auto same = [](float a, float b) { return order_key(a) == order_key(b); };
  values.erase(std::unique(values.begin(), values.end(), same), values.end());
}

uint16_t index_of(const std::vector<float>& sorted, float value) {
  return static_cast<uint16_t>(std::lower_bound(sorted.begin(), sorted.end(), value, before) -
                               sorted.begin());
}

}  // namespace

Shared compact(std::span<const float> centroids, std::span<const uint16_t> codes) {
  std::vector<bool> used(centroids.size());
  for (uint16_t code : codes) used[code] = true;
  Shared shared;
  for (size_t i = 0; i < centroids.size(); ++i)
    if (used[i]) shared.centroids.push_back(centroids[i]);
  sort_distinct(shared.centroids);
  std::vector<uint16_t> renamed(centroids.size(), 0);
  for (size_t i = 0; i < centroids.size(); ++i)
    if (used[i]) renamed[i] = index_of(shared.centroids, centroids[i]);
  shared.codes.resize(codes.size());
  std::transform(codes.begin(), codes.end(), shared.codes.begin(),
                 [&](uint16_t code) { return renamed[code]; });
  return shared;
}

std::optional<Shared> share_exactly(std::span<const float> values, size_t most) {
  std::unordered_set<uint32_t> words;
  Shared shared;
  for (float value : values) {
    if (!words.insert(std::bit_cast<uint32_t>(value)).second) continue;
    if (words.size() > most) return std::nullopt;
    shared.centroids.push_back(value);
  }
  sort_distinct(shared.centroids);
  shared.codes.reserve(values.size());
  for (float value : values) shared.codes.push_back(index_of(shared.centroids, value));
  return shared;
}

Transposed transpose(std::span<const uint32_t> positions, uint64_t rows, uint64_t columns) {
  Transposed result{std::vector<uint32_t>(positions.size()), std::vector<uint32_t>(positions.size())};
  const auto in_transpose = [&](uint32_t p) {
    return static_cast<uint32_t>(p % columns * rows + p / columns);
  };
  if (columns > 4 * positions.size() + 1024) {  // too many columns to count them: sort
    std::iota(result.source.begin(), result.source.end(), 0u);
    std::sort(result.source.begin(), result.source.end(), [&](uint32_t a, uint32_t b) {
      return in_transpose(positions[a]) < in_transpose(positions[b]);
    });
  } else {
    std::vector<uint32_t> next(static_cast<size_t>(columns) + 1, 0);
    for (uint32_t p : positions) ++next[p % columns + 1];
    std::partial_sum(next.begin(), next.end(), next.begin());
    for (uint32_t i = 0; i < positions.size(); ++i) result.source[next[positions[i] % columns]++] = i;
  }
  std::transform(result.source.begin(), result.source.end(), result.positions.begin(),
                 [&](uint32_t i) { return in_transpose(positions[i]); });
  return result;
}

}  // namespace netsuke::model
