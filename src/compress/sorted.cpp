#include "compress/sorted.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <utility>

namespace netsuke::compress {
namespace {

/// Negative floats have the sign bit set and grow downwards as integers: flip them whole, and the others'
/// sign.
uint32_t key_of(float value) {
  const auto bits = std::bit_cast<uint32_t>(value);
  return bits >> 31 ? ~bits : bits | 0x80000000u;
}

float value_of(uint32_t key) { return std::bit_cast<float>(key >> 31 ? key & 0x7fffffffu : ~key); }

}  // namespace

std::vector<float> radix_sorted(std::span<const float> values) {
  constexpr int kBits = 11, kPasses = 3;
  constexpr size_t kDigits = size_t{1} << kBits;
  std::vector<uint32_t> keys(values.size()), moved(values.size());
  std::vector<std::array<size_t, kDigits>> counts(kPasses);
  for (size_t i = 0; i < values.size(); ++i) {
    keys[i] = key_of(values[i]);
    for (size_t pass = 0; pass < kPasses; ++pass) ++counts[pass][(keys[i] >> (kBits * pass)) % kDigits];
  }
  for (size_t pass = 0; pass < kPasses; ++pass) {
    size_t start = 0;
    for (size_t& count : counts[pass]) start += std::exchange(count, start);
    for (uint32_t key : keys) moved[counts[pass][(key >> (kBits * pass)) % kDigits]++] = key;
    keys.swap(moved);
  }
  moved = {};  // before the result takes its place
  std::vector<float> sorted(keys.size());
  std::transform(keys.begin(), keys.end(), sorted.begin(), value_of);
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
