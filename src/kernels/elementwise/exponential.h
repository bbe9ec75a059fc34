// exp(x) without a call or a branch, so that loops around it become vector code.
#pragma once

#include <bit>
#include <cstdint>

namespace netsuke::kernels {

/// exp(x) to a relative error of 3e-7; x is first limited to [-87, 88], where the result is a normal number.
inline float exponential(float x) {
  constexpr float kRound =
      0x1.8p23f;  // what is added to a small number leaves only its whole part in the sum
  const float limited = x < -87.0f ? -87.0f : (x > 88.0f ? 88.0f : x);
  // exp(x) = 2^n exp(rest), where n is the whole number nearest to x / log 2, and |rest| at most log(2) / 2.
  const float sum = limited * 0x1.715476p+0f + kRound, n = sum - kRound;
  // Log 2 in two parts: the first has so few digits that n times it is exact.
  const float rest = limited - n * 0x1.62e4p-1f - n * 0x1.7f7d1cp-20f;
  const float series =
      1 +
      rest * (1 + rest * (1.0f / 2 + rest * (1.0f / 6 + rest * (1.0f / 24 +
                                                                rest * (1.0f / 120 + rest * (1.0f / 720))))));
  // The last bits of `sum` hold n; 2^n is n + 127 in the exponent's place.
  const uint32_t power = (std::bit_cast<uint32_t>(sum) + 127) << 23;
  return series * std::bit_cast<float>(power);
}

}  // namespace netsuke::kernels
