// The activation that every kernel can apply while it writes its result.
#pragma once

#include <limits>

namespace netsuke::kernels {

/// Limits of a result: none by default, {0, infinity} for ReLU, {0, 6} for ReLU6.
struct Clamp {
  float low = -std::numeric_limits<float>::infinity();
  float high = std::numeric_limits<float>::infinity();

  bool limits() const { return *this != Clamp{}; }
  float operator()(float x) const { return x < low ? low : (x > high ? high : x); }
  bool operator==(const Clamp&) const = default;
};

}  // namespace netsuke::kernels
