#include "tensor/half.h"

#include <algorithm>
#include <cmath>

namespace netsuke {

float round_to_half(float value) {
  constexpr int kMantissaBits = 10, kLeastExponent = -14;
  constexpr float kLargest = 65504;
  if (value == 0 || !std::isfinite(value)) return value;
  const float step = std::ldexp(1.0f, std::max(std::ilogb(value), kLeastExponent) - kMantissaBits);
  const float rounded = std::nearbyint(value / step) * step;  // both exact but for the rounding asked for
  return std::fabs(rounded) <= kLargest ? rounded : value;
}

}  // namespace netsuke
