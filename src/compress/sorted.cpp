#include "compress/sorted.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <utility>

namespace netsuke::compress {
namespace {

constexpr int kBits = 11, kPasses = 3;
constexpr size_t kDigits = size_t{1} << kBits;

/// Negative floats have the sign bit set and grow downwards as integers: flip them whole, and the others'
/// sign.
uint32_t key_of(float value) {
  const auto bits = std::bit_cast<uint32_t>(value);
  return bits >> 31 ? ~bits : bits | 0x80000000u;
}

size_t digit_of(float value, int pass) { return (key_of(value) >> (kBits * pass)) % kDigits; }

}  // namespace

std::vector<float> radix_sorted(std::span<const float> values) {
  std::vector<std::array<size_t, kDigits>> counts(kPasses);
  for (float value : values)
    for (int pass = 0; pass < kPasses; ++pass) ++counts[static_cast<size_t>(pass)][digit_of(value, pass)];
  std::vector<float> sorted(values.begin(), values.end()), moved(values.size());
  for (int pass = 0; pass < kPasses; ++pass) {
    std::array<size_t, kDigits>& next = counts[static_cast<size_t>(pass)];
    size_t start = 0;
    for (size_t& count : next) start += std::exchange(count, start);
    for (float value : sorted) moved[next[digit_of(value, pass)]++] = value;
    sorted.swap(moved);
  }
  return sorted;
}

SortedValues::SortedValues(std::span<const float> values) : values_(radix_sorted(values)) {
  double sum = 0;
  for (size_t i = 0; i < values_.size(); ++i) {
    if (i % kBlock == 0) block_prefix_.push_back(sum);
    sum += static_cast<double>(values_[i]);
  }
  block_prefix_.push_back(sum);
}

size_t SortedValues::count_up_to(double bound) const {
  const auto above = std::upper_bound(values_.begin(), values_.end(), bound,
                                      [](double b, float value) { return b < static_cast<double>(value); });
  return static_cast<size_t>(above - values_.begin());
}

double SortedValues::prefix(size_t end) const {
  if (end == values_.size()) return block_prefix_.back();
  double sum = block_prefix_[end / kBlock];
  for (size_t i = end / kBlock * kBlock; i < end; ++i) sum += static_cast<double>(values_[i]);
  return sum;
}

}  // namespace netsuke::compress
