// Many floats in ascending order, with the sum over any range at hand.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace netsuke::compress {

/// Sorts finite values by radix: three passes over 11 bits of a key whose order as an integer is that of the
/// float.
std::vector<float> radix_sorted(std::span<const float> values);

/// Sums are kept for every 64th value only, which takes 3 % of the memory a full table would and a few
/// additions more.
class SortedValues {
 public:
  explicit SortedValues(std::span<const float> values);

  size_t size() const { return values_.size(); }
  float operator[](size_t i) const { return values_[i]; }
  /// Sum of the values at [first, last).
  double sum(size_t first, size_t last) const { return prefix(last) - prefix(first); }
  /// How many values are at most `bound`.
  size_t count_up_to(double bound) const;

 private:
  static constexpr size_t kBlock = 64;
  double prefix(size_t end) const;

  std::vector<float> values_;
  std::vector<double> block_prefix_;  ///< sum of all values before block i
};

}  // namespace netsuke::compress
