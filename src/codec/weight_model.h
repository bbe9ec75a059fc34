// What a weight's next element will be, told from those before it: whether it is kept, its sign, and its
// magnitude as a rank in the codebook. One model drives the range encoder and the range decoder. Contexts are
// the neighbours in the kernel, in the row and in the rows before, the same place of the channels before, and
// how full, how large and of what sign the row and the column have been so far.
#pragma once

#include <bit>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <vector>

#include "codec/adaptive_bit.h"

namespace netsuke::codec {

/// A wider matrix is taken as one of this many columns, so that what is remembered stays bounded.
inline constexpr uint64_t kMostColumns = 65536;

/// A run of elements as rows of a matrix.
struct WeightLayout {
  uint64_t elements = 0;
  uint64_t columns = 1;  ///< 1 to kMostColumns; the last row may be cut short
  uint64_t period = 1;   ///< distance to the same place of the channel before, at most `columns`; 1: none
  uint64_t kernel_width = 0;  ///< distance to the element above in the kernel; 0: none
};

/// How a code of a codebook becomes decisions: its sign, then the bits of its rank among those of this sign,
/// counted from zero outward. `starts` are the probabilities of the bits before anything is seen: the shares
/// that their centroids have of the numbers' range.
class RankTree {
 public:
  /// Centroids should ascend; for any others the decisions are sound, but cost more.
  explicit RankTree(std::span<const float> centroids);

  uint32_t negatives() const { return negatives_; }  ///< codes before the first that is not negative
  uint32_t size(bool negative) const { return negative ? negatives_ : count_ - negatives_; }
  uint32_t most_ranks() const { return static_cast<uint32_t>(classes_.size()); }  ///< of either sign
  /// 1 to 8 by where a rank stands among the ranks that there are.
  int size_class(uint32_t rank) const { return classes_[rank]; }
  int levels() const { return levels_; }
  bool has_sign() const { return negatives_ > 0 && negatives_ < count_; }
  /// Of the node of a level, by node number (1 at the root, 2n and 2n + 1 below n) and sign.
  std::span<const AdaptiveBit> starts() const { return starts_; }
  static size_t index(uint32_t node, bool negative) { return 2 * size_t{node} + (negative ? 1 : 0); }

 private:
  void start_node(std::span<const double> edges, bool negative, uint32_t node, int level);

  uint32_t count_, negatives_ = 0;
  int levels_ = 0;
  std::vector<AdaptiveBit> starts_;
  std::vector<uint8_t> classes_;
};

class WeightModel {
 public:
  /// `kept` of the layout's elements are kept, and `flags` will tell which. `tree` must outlive the model;
  /// none if there are no codes.
  WeightModel(const WeightLayout& layout, uint64_t kept, bool flags, const RankTree* tree);

  /// Codes whether the element at hand is kept. Elements that are not asked about count as kept.
  template <class Coder>
  bool code_flag(Coder& coder, bool kept) {
    const FlagInputs in = flag_inputs();
    kept = layout_.period > 1
               ? flag_mixer_.code(coder, kept, in.set, overall_,
                                  std::array{in.column, in.neighbours, in.density, in.columns, in.kernel})
               : flag_mixer_.code(coder, kept, in.set, overall_,
                                  std::array{in.column, in.neighbours, in.density, in.columns});
    if (counting_) flag_cost_ += cost(flag_mixer_.last());
    learn_flag(kept);
    return kept;
  }
  /// Codes the code of the element at hand, which is kept.
  template <class Coder>
  uint32_t code_rank(Coder& coder, uint32_t code) {
    const uint32_t negatives = tree_->negatives();
    bool negative = negatives > 0 && code < negatives;
    if (tree_->has_sign()) {
      negative = sign_mixer_.code(coder, negative, 0, AdaptiveBit(), sign_inputs());
      if (counting_) code_cost_ += cost(sign_mixer_.last());
    } else {
      negative = negatives > 0;
    }
    const uint32_t rank = code_magnitude(coder, negative, negative ? negatives - 1 - code : code - negatives);
    learn_size(negative, rank);
    return negative ? negatives - 1 - rank : negatives + rank;
  }
  /// Goes on to the next element; call after every one.
  void next() {
    ++at_;
    if (++place_ == layout_.period) place_ = 0;
    if (++column_ == layout_.columns) next_row();
  }

  /// Bits that the flags and the codes took, in units of 2^-16, if they are asked for.
  void count_cost(bool count) { counting_ = count; }
  uint64_t flag_cost() const { return flag_cost_; }
  uint64_t code_cost() const { return code_cost_; }

 private:
  // Signed size class of a kept element, 0 for one that is not kept, by distance before the one at hand.
  int left(uint64_t distance) const { return row_[at_ - distance]; }
  // 0 in the first row of a kernel.
  int kernel_above() const {
    return layout_.kernel_width > 0 && place_ >= layout_.kernel_width ? left(layout_.kernel_width) : 0;
  }
  int channel_before(uint64_t channels) const {
    return layout_.period > 1 ? left(channels * layout_.period) : 0;
  }

  // Every decision below the mixed levels is a node's alone: their contexts would be seen too seldom.
  static constexpr int kMixedLevels = 2;
  static constexpr size_t kMixedNodes = size_t{1} << kMixedLevels;
  static constexpr int16_t kFlagsKept = 1;  // what a place of row_ holds for a kept element without a code
  static constexpr size_t kPlaces = 64;     // places in a kernel that are told apart

  template <class Coder>
  uint32_t code_magnitude(Coder& coder, bool negative, uint32_t rank) {
    const uint32_t size = tree_->size(negative);
    const RankInputs inputs = rank_inputs();
    uint32_t node = 1, base = 0;
    for (int level = 0; level < tree_->levels(); ++level) {
      const uint32_t middle = base + (uint32_t{1} << (tree_->levels() - 1 - level));
      bool upper = false;
      if (middle < size) {  // else there is nothing above
        AdaptiveBit& own = nodes_[RankTree::index(node, negative)];
        upper = level < kMixedLevels ? code_mixed(coder, rank >= middle, own, inputs, node, level)
                                     : code_alone(coder, rank >= middle, own);
      }
      base += (middle - base) * uint32_t{upper};
      node = 2 * node + uint32_t{upper};
    }
    return base;
  }
  // Of each context the estimates of all mixed nodes.
  struct RankInputs {
    AdaptiveBit *left, *size, *around;
  };
  RankInputs rank_inputs();
  template <class Coder>
  bool code_mixed(Coder& coder, bool bit, AdaptiveBit& own, const RankInputs& in, size_t node, int level) {
    const auto set = static_cast<size_t>(level);
    bit = rank_mixer_.code(coder, bit, set, own,
                           std::array{&own, in.left + node, in.size + node, in.around + node});
    if (counting_) code_cost_ += cost(rank_mixer_.last());
    return bit;
  }
  template <class Coder>
  bool code_alone(Coder& coder, bool bit, AdaptiveBit& own) {
    const Probability one = own.probability();
    bit = coder.code(bit, one);
    own.update_alone(bit);
    if (counting_) code_cost_ += cost(bit ? one : 65536 - one);
    return bit;
  }

  // Eight times the binary logarithm, by lines between powers of two.
  static int log8(int value) {
    const auto v = static_cast<uint32_t>(value + 8);
    const int width = static_cast<int>(std::bit_width(v));
    return 8 * width + static_cast<int>((v >> (width - 4)) & 7);
  }
  // Minus the binary logarithm of a probability.
  static uint64_t cost(Probability happened);
  struct FlagInputs {
    size_t set;
    AdaptiveBit *column, *neighbours, *density, *columns, *kernel;  // no kernel without a period
  };
  FlagInputs flag_inputs();
  void learn_flag(bool kept);
  std::array<AdaptiveBit*, 4> sign_inputs();
  void learn_size(bool negative, uint32_t rank);
  void next_row();

  WeightLayout layout_;
  const RankTree* tree_;
  uint64_t margin_;  // zeros before each row, so that looking back needs no check
  uint64_t at_, column_ = 0, rows_ = 0, place_ = 0;
  size_t rows_class_ = 0;
  std::vector<int16_t> row_, above_, twice_above_;  // wider than need be: bytes may alias everything

  AdaptiveBit start_, overall_, row_flag_;
  std::vector<AdaptiveBit> column_flags_;
  uint32_t history_ = 0;  // flags of this row, the last one lowest
  Mixer<5> flag_mixer_;
  std::vector<AdaptiveBit> by_neighbours_, by_kernel_, by_density_, by_columns_;

  Mixer<4> sign_mixer_;
  std::vector<AdaptiveBit> column_signs_, sign_by_left_, sign_by_kernel_, sign_by_around_;

  std::vector<int> column_size_;  // running averages of 256 x rank; -1 where there is none yet
  int row_size_ = 0, overall_size_ = 0;
  Mixer<4> rank_mixer_;
  std::vector<AdaptiveBit> nodes_, rank_by_left_, rank_by_size_, rank_by_around_;

  bool counting_ = false;
  uint64_t flag_cost_ = 0, code_cost_ = 0;
};

// --- What every element needs, inline.

inline WeightModel::FlagInputs WeightModel::flag_inputs() {
  const auto index = [](int value) { return static_cast<size_t>(value); };
  const auto bit = [](int value) { return value != 0 ? 1 : 0; };
  AdaptiveBit& column = column_flags_[column_];
  const int own = column.logit();
  const auto logit_at = [&](uint64_t c) { return c < layout_.columns ? column_flags_[c].logit() : own; };
  int around = logit_at(column_ - 1) + logit_at(column_ + 1);  // column -1 is none: it wraps
  if (layout_.period > 1)
    around = (around + logit_at(column_ - layout_.period) + logit_at(column_ + layout_.period)) >> 1;
  const size_t own_class = index((own + 2048) >> 8), row_class = index((row_flag_.logit() + 2048) >> 8);
  const size_t around_class = index(((around >> 1) + 2048) >> 7);
  const int before = bit(channel_before(1));

  const int neighbours = bit(above_[at_]) | bit(twice_above_[at_]) << 1 | bit(above_[at_ - 1]) << 2 |
                         bit(above_[at_ + 1]) << 3 | before << 6;
  const auto lately = std::min<size_t>(15, index(std::popcount(history_ & 0xffff)));
  FlagInputs in{rows_class_,
                &column,
                &by_neighbours_[(index(neighbours) | (history_ & 3) << 4) * 16 + own_class],
                &by_density_[own_class | row_class << 4 | lately << 8],
                &by_columns_[(around_class * 16 + own_class) * 4 + rows_class_],
                nullptr};
  if (layout_.period == 1) return in;
  const int kernel = before | bit(channel_before(2)) << 1 | bit(left(layout_.period - 1)) << 2 |
                     bit(left(layout_.period + 1)) << 3 | bit(kernel_above()) << 7;
  in.kernel =
      &by_kernel_[(index(kernel) | (history_ & 7) << 4) + 256 * std::min<size_t>(kPlaces - 1, place_)];
  return in;
}

inline void WeightModel::learn_flag(bool kept) {
  overall_.update_alone(kept);
  row_flag_.update(kept);
  history_ = history_ << 1 | (kept ? 1 : 0);
  row_[at_] = kept ? kFlagsKept : 0;
}

inline std::array<AdaptiveBit*, 4> WeightModel::sign_inputs() {
  // By size class from -7 up. Looked up: branches on signs would be guessed wrong half of the time.
  static constexpr uint8_t kSign[15] = {0, 0, 0, 0, 0, 0, 0, 1, 2, 2, 2, 2, 2, 2, 2};
  static constexpr uint8_t kSizedSign[15] = {0, 0, 0, 0, 0, 1, 1, 2, 3, 3, 4, 4, 4, 4, 4};
  const auto sign = [](int value) { return size_t{kSign[value + 7]}; };
  const auto sized = [](int value) { return size_t{kSizedSign[value + 7]}; };
  const bool kernels = layout_.period > 1;
  const size_t kernel = 9 * sign(channel_before(1)) + 3 * sign(channel_before(2)) + sign(kernel_above());
  const size_t around = 125 * sized(kernels ? kernel_above() : twice_above_[at_]) +
                        25 * sized(kernels ? channel_before(1) : left(2)) + 5 * sized(above_[at_]) +
                        sized(left(1));
  return {&sign_by_left_[3 * sign(left(1)) + sign(left(2))], &sign_by_kernel_[kernel],
          &sign_by_around_[around], &column_signs_[column_]};
}

inline WeightModel::RankInputs WeightModel::rank_inputs() {
  const auto index = [](int value) { return static_cast<size_t>(value) * kMixedNodes; };
  const int column = column_size_[column_] < 0 ? overall_size_ : column_size_[column_];
  const int size = (log8(row_size_) + log8(column) - 2 * log8(overall_size_)) * 5 >> 3;
  const int lately = (2 * std::abs(left(1)) + std::abs(left(2)) + 1) / 3;
  const int around =
      layout_.period > 1 ? 8 * std::abs(channel_before(1)) + std::abs(kernel_above()) : std::abs(above_[at_]);
  return {&rank_by_left_[index(lately)], &rank_by_size_[index(std::clamp(size, -8, 7) + 8)],
          &rank_by_around_[index(around)]};
}

inline void WeightModel::learn_size(bool negative, uint32_t rank) {
  const int size_class = tree_->size_class(rank);
  row_[at_] = static_cast<int16_t>(negative ? -size_class : size_class);
  const int size = static_cast<int>(rank) << 8;
  overall_size_ += (size - overall_size_) >> 6;
  row_size_ += (size - row_size_) >> 3;
  int& column = column_size_[column_];
  column = column < 0 ? size : column + ((size - column) >> 2);
}

}  // namespace netsuke::codec
