// The sign of a binary layer's inputs in training, and what stands for its gradient, in one pass over memory
// each way.
#pragma once

#include <cstddef>

#include "kernels/training/bf16.h"

namespace netsuke::kernels {

/// y = 1 where x >= 0, else -1.
void sign_apply(const float* x, size_t count, float* y);
void sign_apply(const Bf16* x, size_t count, Bf16* y);

/// dx = dy where |x| < 1, else 0 (XNOR-Net, section 3.1); with `smooth` times 2 - 2|x| (Bi-Real Net,
/// equation 6).
void sign_gradient(const float* x, const float* dy, bool smooth, size_t count, float* dx);
void sign_gradient(const Bf16* x, const Bf16* dy, bool smooth, size_t count, Bf16* dx);

}  // namespace netsuke::kernels
