// Probabilities that learn: what a bit will be, from how the bits before it went in the same and in similar
// places. Several adaptive estimates are mixed in the logistic domain by weights that learn as well (Mahoney
// 2005, "Adaptive weighing of context models for lossless data compression"). Whole numbers only, so that
// every machine computes the same.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "codec/range_coder.h"

namespace netsuke::codec {

/// Logits are in units of 1/256 and lie in [-kMostLogit, kMostLogit].
inline constexpr int kMostLogit = 2047;

/// What is looked up for each bit.
struct AdaptiveTables {
  std::array<int16_t, 4096> logit;  ///< of a probability in units of 2^-12: the inverse of squashed
  std::array<uint16_t, 4096>
      squashed;                    ///< 65536 / (1 + e^-x) of logit x at x + 2048, by lines between 33 points
  std::array<uint16_t, 256> rate;  ///< 65536 / (n + 1.5)
  std::array<uint16_t, 256> confidence;  ///< 256 (2 n - 3) / (2 n - 2)
};
extern const AdaptiveTables kAdaptive;

/// An estimate from the bits seen: their average at first, and of about the last 255 later.
class AdaptiveBit {
 public:
  constexpr AdaptiveBit() = default;
  /// A probability of 22 bits, worth as much as `count` bits seen, 2 to 255.
  AdaptiveBit(uint32_t p22, uint32_t count) : state_((p22 << 10) | count) { look_up(); }

  bool fresh() const { return count() == 0; }
  /// What is known elsewhere, as a start.
  void start_as(AdaptiveBit other) {
    state_ = (other.state_ & ~1023u) | 2;
    look_up();
  }
  int logit() const { return logit_; }
  /// The logit, smaller in size while little has been seen.
  int stretched() const { return stretched_; }
  /// For a bit that is not mixed.
  Probability probability() const { return std::clamp<Probability>(state_ >> 16, 22, 65514); }
  void update(bool bit) {
    update_alone(bit);
    look_up();
  }
  /// Faster, for a bit that is never mixed: its logits are not kept.
  void update_alone(bool bit) {
    const uint32_t n = count();
    const auto p = static_cast<int64_t>(state_ >> 10);
    const int64_t moved = p + ((((-int64_t{bit} & kOne) - p) * kAdaptive.rate[n]) >> 16);
    state_ = (static_cast<uint32_t>(moved) << 10) | (n + (n < 255));
  }

 private:
  static constexpr int64_t kOne = (1 << 22) - 1;
  uint32_t count() const { return state_ & 1023; }
  // Once a bit is learned nobody waits for its logits; when the next one is asked for, everybody would.
  void look_up() {
    logit_ = kAdaptive.logit[state_ >> 20];
    stretched_ = static_cast<int16_t>((logit_ * kAdaptive.confidence[count()]) >> 8);
  }
  uint32_t state_ = uint32_t{1} << 31;  // probability of 1 in the upper 22 bits, bits seen in the lower 10
  int16_t logit_ = 1, stretched_ = 0;
};

/// Mixes up to kMost estimates of one bit.
template <size_t kMost>
class Mixer {
 public:
  /// `sets` of weights, of which a bit's place selects one. Weights are in units of 2^-16.
  Mixer(size_t sets, int rate, int first_weight, int other_weight) : weights_(sets), rate_(rate) {
    for (auto& set : weights_) {
      set.fill(other_weight);
      set[0] = first_weight;
    }
  }

  /// Codes a bit with the coder, and learns from it. An input that has seen nothing starts from `start`.
  template <class Coder, size_t kInputs>
  bool code(Coder& coder, bool bit, size_t set, const AdaptiveBit& start,
            const std::array<AdaptiveBit*, kInputs>& inputs) {
    static_assert(kInputs <= kMost);
    std::array<int, kMost>& weights = weights_[set];
    std::array<int, kInputs> logits;
    int64_t sum = 0;
    for (size_t i = 0; i < kInputs; ++i) {
      if (inputs[i]->fresh()) inputs[i]->start_as(start);
      logits[i] = inputs[i]->stretched();
      sum += int64_t{weights[i]} * logits[i];
    }
    const auto logit = std::clamp<int64_t>(sum >> 16, -kMostLogit, kMostLogit);
    const Probability one = kAdaptive.squashed[static_cast<size_t>(logit + 2048)];
    bit = coder.code(bit, one);
    last_ = bit ? one : 65536 - one;
    const int error = ((int{bit} << 16) - static_cast<int>(one)) * rate_;
    for (size_t i = 0; i < kInputs; ++i) {
      weights[i] = std::clamp(weights[i] + ((logits[i] * error) >> 18), -kMostWeight, kMostWeight);
      inputs[i]->update(bit);
    }
    return bit;
  }
  /// The probability that the last bit had, as it came out.
  Probability last() const { return last_; }

 private:
  static constexpr int kMostWeight = 1 << 20;
  std::vector<std::array<int, kMost>> weights_;
  int rate_;
  Probability last_ = 0;
};

}  // namespace netsuke::codec
