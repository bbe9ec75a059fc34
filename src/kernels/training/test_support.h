#pragma once

#include <bit>
#include <cmath>

#include "kernels/test_support.h"
#include "kernels/training/bf16.h"

namespace netsuke::kernels {

inline float number(float x) { return x; }
inline float number(Bf16 x) { return std::bit_cast<float>(static_cast<uint32_t>(x) << 16); }

/// Of float or Bf16, in (-1, 1).
template <class T>
std::vector<T> random_numbers(Random& random, size_t count) {
  std::vector<T> out;
  for (float x : random_values(random, count))
    if constexpr (std::is_same_v<T, float>)
      out.push_back(x);
    else
      out.push_back(static_cast<T>(std::bit_cast<uint32_t>(x) >> 16));
  return out;
}

}  // namespace netsuke::kernels
