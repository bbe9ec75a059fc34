#include "codec/weight_model.h"

#include <bit>
#include <cmath>
#include <cstdlib>

namespace netsuke::codec {
namespace {

constexpr uint64_t kFlagsKept = 1;  // what a place of row_ holds for a kept element without a code
constexpr size_t kPlaces = 64;      // places in a kernel that are told apart

// The share that `part` has of `part` + `rest`, as a probability of 22 bits.
uint32_t share(double part, double rest) {
  double p = part / (part + rest);
  if (!(part > 0 && rest > 0) || !std::isfinite(p)) p = 0.5;
  return static_cast<uint32_t>(std::clamp(p, 1.0 / 1024, 1023.0 / 1024) * (1 << 22));
}

// Eight times the binary logarithm, by lines between powers of two.
int log8(int value) {
  const auto v = static_cast<uint32_t>(value + 8);
  const int width = static_cast<int>(std::bit_width(v));
  return 8 * width + static_cast<int>((v >> (width - 4)) & 7);
}

int bit(int value) { return value != 0 ? 1 : 0; }

size_t index(int value) { return static_cast<size_t>(value); }

// 0, 1 or 2 for minus, nothing, plus.
size_t sign_of(int value) { return value < 0 ? 0 : (value == 0 ? 1 : 2); }

}  // namespace

RankTree::RankTree(std::span<const float> centroids) : count_(static_cast<uint32_t>(centroids.size())) {
  while (negatives_ < count_ && std::signbit(centroids[negatives_])) ++negatives_;
  const uint32_t most = std::max(negatives_, count_ - negatives_);
  levels_ = most > 1 ? static_cast<int>(std::bit_width(most - 1)) : 0;
  starts_.resize(size_t{2} << levels_);
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
  overall_size_ = row_size_ = static_cast<int>(most_ranks()) << 6;
  sign_.assign(1, AdaptiveBit(1 << 21, 2));
  sign_left_.resize(9);
  sign_above_.resize(27);
  sign_kernel_.resize(27);
  const size_t mixed = size_t{1} << kMixedLevels;
  node_left_.resize(8 * mixed);
  node_above_.resize(8 * mixed);
  node_size_.resize(16 * mixed);
  node_kernel_.resize(layout.period > 1 ? 64 * mixed : 0);
}

uint64_t WeightModel::cost(Probability happened) {
  return static_cast<uint64_t>((16 - std::log2(static_cast<double>(happened))) * 65536);
}

WeightModel::FlagInputs WeightModel::flag_inputs() {
  AdaptiveBit& column = column_flags_[column_];
  const int own = column.logit();
  const auto logit_at = [&](uint64_t c) { return c < layout_.columns ? column_flags_[c].logit() : own; };
  int around = logit_at(column_ - 1) + logit_at(column_ + 1);  // column -1 is none: it wraps
  if (layout_.period > 1)
    around = (around + logit_at(column_ - layout_.period) + logit_at(column_ + layout_.period)) >> 1;
  const size_t own_class = index((own + 2048) >> 8), row_class = index((row_flag_.logit() + 2048) >> 8);
  const size_t around_class = index(((around >> 1) + 2048) >> 7);
  const auto rows = std::min<size_t>(3, static_cast<size_t>(std::bit_width(rows_)) / 2);
  const int before = bit(channel_before(1));

  const int neighbours = bit(above_[at_]) | bit(twice_above_[at_]) << 1 | bit(above_[at_ - 1]) << 2 |
                         bit(above_[at_ + 1]) << 3 | before << 6;
  const auto lately = std::min<size_t>(15, index(std::popcount(history_ & 0xffff)));
  FlagInputs in{rows,
                &column,
                &by_neighbours_[(index(neighbours) | (history_ & 3) << 4) * 16 + own_class],
                &by_density_[own_class | row_class << 4 | lately << 8],
                &by_columns_[(around_class * 16 + own_class) * 4 + rows],
                nullptr};
  if (layout_.period == 1) return in;
  const int kernel = before | bit(channel_before(2)) << 1 | bit(left(layout_.period - 1)) << 2 |
                     bit(left(layout_.period + 1)) << 3 | bit(kernel_above()) << 7;
  in.kernel =
      &by_kernel_[(index(kernel) | (history_ & 7) << 4) + 256 * std::min<size_t>(kPlaces - 1, place_)];
  return in;
}

void WeightModel::learn_flag(bool kept) {
  overall_.update(kept);
  row_flag_.update(kept);
  history_ = history_ << 1 | (kept ? 1 : 0);
  row_[at_] = kept ? kFlagsKept : 0;
}

std::array<AdaptiveBit*, 4> WeightModel::sign_inputs() {
  const size_t kernel =
      9 * sign_of(channel_before(1)) + 3 * sign_of(channel_before(2)) + sign_of(kernel_above());
  return {&sign_[0], &sign_left_[3 * sign_of(left(1)) + sign_of(left(2))],
          &sign_above_[9 * sign_of(above_[at_]) + 3 * sign_of(above_[at_ - 1]) + sign_of(above_[at_ + 1])],
          &sign_kernel_[kernel]};
}

WeightModel::RankContext WeightModel::rank_context() const {
  const int column = column_size_[column_] < 0 ? overall_size_ : column_size_[column_];
  const int size = (log8(row_size_) + log8(column) - 2 * log8(overall_size_)) * 5 >> 3;
  return {index((2 * std::abs(left(1)) + std::abs(left(2)) + 1) / 3), index(std::abs(above_[at_])),
          index(8 * std::abs(channel_before(1)) + std::abs(kernel_above())),
          index(std::clamp(size, -8, 7) + 8)};
}

void WeightModel::learn_size(bool negative, uint32_t rank) {
  const auto size_class = static_cast<int>(1 + 7 * rank / most_ranks());
  row_[at_] = static_cast<int8_t>(negative ? -size_class : size_class);
  const int size = static_cast<int>(rank) << 8;
  overall_size_ += (size - overall_size_) >> 6;
  row_size_ += (size - row_size_) >> 3;
  int& column = column_size_[column_];
  column = column < 0 ? size : column + ((size - column) >> 2);
}

void WeightModel::next_row() {
  at_ = margin_;
  column_ = place_ = 0;
  ++rows_;
  std::swap(above_, twice_above_);
  std::swap(row_, above_);
  std::fill(row_.begin(), row_.end(), int8_t{0});
  row_flag_.start_as(overall_);
  history_ = 0;
  row_size_ = overall_size_;
}

}  // namespace netsuke::codec
