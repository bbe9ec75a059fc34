// What a weight's next element will be, told from those before it: whether it is kept, its sign, and its
// magnitude as a rank in the codebook. One model drives the range encoder and the range decoder. Contexts are
// the neighbours in the kernel, in the row and in the row before, the same place of the channel before, and
// how full and how large the row and the column have been so far.
#pragma once

#include <cstdint>
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
    kept = in.kernel
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
      negative = sign_mixer_.code(coder, negative, 0, sign_[0], sign_inputs());
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
  static constexpr int kMixedLevels = 4;

  template <class Coder>
  uint32_t code_magnitude(Coder& coder, bool negative, uint32_t rank) {
    const uint32_t size = tree_->size(negative);
    const RankContext context = rank_context();
    uint32_t node = 1, base = 0;
    for (int level = 0; level < tree_->levels(); ++level) {
      const uint32_t middle = base + (uint32_t{1} << (tree_->levels() - 1 - level));
      bool upper = false;
      if (middle < size) {  // else there is nothing above
        AdaptiveBit& own = nodes_[RankTree::index(node, negative)];
        upper = level < kMixedLevels ? code_mixed(coder, rank >= middle, own, context, node, level)
                                     : code_alone(coder, rank >= middle, own);
      }
      base += (middle - base) * uint32_t{upper};
      node = 2 * node + uint32_t{upper};
    }
    return base;
  }
  uint32_t most_ranks() const { return std::max(tree_->size(false), tree_->size(true)); }
  struct RankContext {
    size_t left, above, kernel, size;
  };
  RankContext rank_context() const;
  template <class Coder>
  bool code_mixed(Coder& coder, bool bit, AdaptiveBit& own, const RankContext& context, size_t node,
                  int level) {
    const auto set = static_cast<size_t>(level);
    AdaptiveBit *left = &node_left_[8 * node + context.left], *above = &node_above_[8 * node + context.above],
                *size = &node_size_[16 * node + context.size];
    if (layout_.period > 1)
      bit = rank_mixer_.code(coder, bit, set, own,
                             std::array{&own, left, above, size, &node_kernel_[64 * node + context.kernel]});
    else
      bit = rank_mixer_.code(coder, bit, set, own, std::array{&own, left, above, size});
    if (counting_) code_cost_ += cost(rank_mixer_.last());
    return bit;
  }
  template <class Coder>
  bool code_alone(Coder& coder, bool bit, AdaptiveBit& own) {
    const Probability one = own.probability();
    bit = coder.code(bit, one);
    own.update(bit);
    if (counting_) code_cost_ += cost(bit ? one : 65536 - one);
    return bit;
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
  std::vector<int8_t> row_, above_, twice_above_;

  AdaptiveBit start_, overall_, row_flag_;
  std::vector<AdaptiveBit> column_flags_;
  uint32_t history_ = 0;  // flags of this row, the last one lowest
  Mixer<5> flag_mixer_;
  std::vector<AdaptiveBit> by_neighbours_, by_kernel_, by_density_, by_columns_;

  Mixer<4> sign_mixer_;
  std::vector<AdaptiveBit> sign_, sign_left_, sign_above_, sign_kernel_;

  std::vector<int> column_size_;  // running averages of 256 x rank; -1 where there is none yet
  int row_size_ = 0, overall_size_ = 0;
  Mixer<5> rank_mixer_;
  std::vector<AdaptiveBit> nodes_, node_left_, node_above_, node_kernel_, node_size_;

  bool counting_ = false;
  uint64_t flag_cost_ = 0, code_cost_ = 0;
};

}  // namespace netsuke::codec
