#pragma once

#include <bit>
#include <cmath>
#include <numeric>

#include "kernels/test_support.h"
#include "kernels/training/bf16.h"

namespace netsuke::kernels {

inline float number(float x) { return x; }
inline float number(Bf16 x) { return std::bit_cast<float>(static_cast<uint32_t>(x) << 16); }

/// Cut off, where T is Bf16.
template <class T>
T from_float(float x) {
  if constexpr (std::is_same_v<T, float>)
    return x;
  else
    return static_cast<T>(std::bit_cast<uint32_t>(x) >> 16);
}

/// Of float or Bf16, in (-1, 1).
template <class T>
std::vector<T> random_numbers(Random& random, size_t count) {
  std::vector<T> out;
  for (float x : random_values(random, count)) out.push_back(from_float<T>(x));
  return out;
}

/// The channels' numbers as often as makes vectors whole: see NormRows.
inline std::vector<float> repeated(const std::vector<float>& of_channels) {
  std::vector<float> out(std::lcm(of_channels.size(), size_t{16}));
  for (size_t j = 0; j < out.size(); ++j) out[j] = of_channels[j % of_channels.size()];
  return out;
}

/// The sum over the whole rows' numbers for one channel.
inline double of_channel(const std::vector<float>& sums, size_t channel, size_t channels) {
  double sum = 0;
  for (size_t j = channel; j < sums.size(); j += channels) sum += static_cast<double>(sums[j]);
  return sum;
}

}  // namespace netsuke::kernels
