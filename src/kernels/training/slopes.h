// PReLU in training, a slope for each channel (He 2015, arXiv 1502.01852, equations 1 and 3), in one pass
// over memory each way:
//   y = x where x > 0, else slope x;    dx = dy where x > 0, else slope dy;    dslope = sum of dy x where x
//   <= 0
#pragma once

#include <cstddef>

#include "kernels/training/bf16.h"

namespace netsuke::kernels {

/// y of `count` values that lie channels last and begin with the first channel; `slopes` is to `row` numbers
/// as those of NormRows.
void slopes_apply(const float* slopes, size_t row, const float* x, size_t count, float* y);
void slopes_apply(const float* slopes, size_t row, const Bf16* x, size_t count, Bf16* y);

/// dx; sums += dy x where x <= 0, for each of the row's numbers.
void slopes_gradient(const float* slopes, size_t row, const float* x, const float* dy, size_t count,
                     float* dx, float* sums);
void slopes_gradient(const float* slopes, size_t row, const Bf16* x, const Bf16* dy, size_t count, Bf16* dx,
                     float* sums);

}  // namespace netsuke::kernels
