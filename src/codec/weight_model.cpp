#include "codec/weight_model.h"

#include <cmath>

namespace netsuke::codec {
namespace {

// The share that `part` has of `part` + `rest`, as a probability of 22 bits.
uint32_t share(double part, double rest) {
  double p = part / (part + rest);
  if (!(part > 0 && rest > 0) || !std::isfinite(p)) p = 0.5;
  return static_cast<uint32_t>(std::clamp(p, 1.0 / 1024, 1023.0 / 1024) * (1 << 22));
}

}  // namespace

RankTree::RankTree(std::span<const float> centroids) : count_(static_cast<uint32_t>(centroids.size())) {
  while (negatives_ < count_ && std::signbit(centroids[negatives_])) ++negatives_;
  const uint32_t most = std::max(negatives_, count_ - negatives_);
  levels_ = most > 1 ? static_cast<int>(std::bit_width(most - 1)) : 0;
  starts_.resize(size_t{2} << levels_);
  for (uint32_t rank = 0; rank < most; ++rank) classes_.push_back(static_cast<uint8_t>(1 + 7 * rank / most));
  for (bool negative : {false, true}) {
    const uint32_t n = size(negative);
    if (n < 2) continue;
    // Where the cells of neighbouring centroids meet, by magnitude; the outermost two are as wide inward as
    // outward.
    const auto magnitude = [&](uint32_t rank) {
      const uint32_t code = negative ? negatives_ - 1 - rank : negatives_ + rank;
      return std::fabs(static_cast<double>(centroids[code]));
    };
    std::vector<double> edges(n + 1);
    for (uint32_t i = 1; i < n; ++i) edges[i] = (magnitude(i - 1) + magnitude(i)) / 2;
    edges[0] = magnitude(0) - (edges[1] - magnitude(0));
    edges[n] = magnitude(n - 1) + (magnitude(n - 1) - edges[n - 1]);
    start_node(edges, negative, 1, 0);
  }
}

void RankTree::start_node(std::span<const double> edges, bool negative, uint32_t node, int level) {
  if (level == levels_) return;
  const uint32_t half = uint32_t{1} << (levels_ - 1 - level), n = size(negative);
  const uint32_t base = (node - (uint32_t{1} << level)) * 2 * half;
  if (base + half < n) {
    const double middle = edges[base + half];
    const double upper = edges[std::min(base + 2 * half, n)] - middle, lower = middle - edges[base];
    starts_[index(node, negative)] = AdaptiveBit(share(upper, lower), 4 + 8 * static_cast<uint32_t>(level));
    start_node(edges, negative, 2 * node + 1, level + 1);
  }
  if (base < n) start_node(edges, negative, 2 * node, level + 1);
}

WeightModel::WeightModel(const WeightLayout& layout, uint64_t kept, bool flags, const RankTree* tree)
    : layout_(layout),
      tree_(tree),
      margin_(std::max<uint64_t>({2 * layout.period, layout.kernel_width, 2})),
      at_(margin_),
      row_(margin_ + layout.columns + 1, 0),
      above_(row_),
      twice_above_(row_),
      start_(share(static_cast<double>(kept), static_cast<double>(layout.elements - kept)), 2),
      overall_(start_),
      row_flag_(start_),
      flag_mixer_(4, 3, 13107, 13107),
      sign_mixer_(1, 6, 13107, 13107),
      rank_mixer_(kMixedLevels, 6, 19660, 9175) {
  if (flags) {
    column_flags_.assign(layout.columns, start_);
    by_neighbours_.resize(2048);
    by_kernel_.resize(layout.period > 1 ? 256 * kPlaces : 0);
    by_density_.resize(4096);
    by_columns_.resize(2048);
  }
  if (!tree) return;
  nodes_.assign(tree->starts().begin(), tree->starts().end());
  column_size_.assign(layout.columns, -1);
  overall_size_ = row_size_ = static_cast<int>(tree->most_ranks()) << 6;
  column_signs_.assign(layout.columns, AdaptiveBit());
  sign_by_left_.resize(9);
  sign_by_kernel_.resize(27);
  sign_by_around_.resize(625);
  rank_by_left_.resize(8 * kMixedNodes);
  rank_by_size_.resize(16 * kMixedNodes);
  rank_by_around_.resize((layout.period > 1 ? 64 : 8) * kMixedNodes);
}

uint64_t WeightModel::cost(Probability happened) {
  return static_cast<uint64_t>((16 - std::log2(static_cast<double>(happened))) * 65536);
}

void WeightModel::next_row() {
  at_ = margin_;
  column_ = place_ = 0;
  ++rows_;
  rows_class_ = std::min<size_t>(3, static_cast<size_t>(std::bit_width(rows_)) / 2);
  std::swap(above_, twice_above_);
  std::swap(row_, above_);
  std::fill(row_.begin(), row_.end(), int16_t{0});
  row_flag_.start_as(overall_);
  history_ = 0;
  row_size_ = overall_size_;
}

}  // namespace netsuke::codec
