// The end of a residual block in training: ReLU(a + b), in one pass over memory each way.
#pragma once

#include <cstddef>

#include "kernels/training/bf16.h"

namespace netsuke::kernels {

/// y = max(0, a + b).
void rectified_sum(const float* a, const float* b, size_t count, float* y);
void rectified_sum(const Bf16* a, const Bf16* b, size_t count, Bf16* y);

/// dx = dy where y > 0, else 0: the gradient of either summand.
void rectified_gradient(const float* y, const float* dy, size_t count, float* dx);
void rectified_gradient(const Bf16* y, const Bf16* dy, size_t count, Bf16* dx);

}  // namespace netsuke::kernels
