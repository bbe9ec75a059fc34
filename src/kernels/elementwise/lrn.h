// Local response normalisation across channels (AlexNet, section 3.3).
#pragma once

#include <cstddef>

namespace netsuke::kernels {

struct LrnShape {
  size_t channels = 0, plane = 0;
  size_t before = 0, after = 0;  ///< channels on either side that count
};

/// y = x / (k + alpha * sum of x^2 over a channel and its neighbours)^beta; `x` and `out` must not overlap.
void lrn(const LrnShape& shape, float alpha, float beta, float k, const float* x, float* out);

}  // namespace netsuke::kernels
