// The loops of batch norm in training, with a ReLU behind it where there is one (Ioffe 2015, algorithm 1 and
// the gradients of section 3). Per channel:
//   y = max(0, scale (x - mean) + shift),    g = dy where y > 0, else 0,    dx = scale g + slope (x - mean) +
//   offset
// Torch takes a pass over memory for each of these steps forwards and backwards; here are two each way.
#pragma once

#include <cstddef>

#include "kernels/training/bf16.h"

namespace netsuke::kernels {

/// How a run of pixels is normalised. Its values lie channels last. Each pointer is to `row` numbers: those
/// of all channels in their order, and again as often as makes vectors whole.
struct NormRows {
  size_t row = 0;
  const float* mean = nullptr;
  const float* scale = nullptr;
  const float* shift = nullptr;
  bool relu = false;
};

/// sums += x - mean, squares += (x - mean)^2, for `count` values that begin with the first channel.
void norm_moments(const NormRows& rows, const float* x, size_t count, float* sums, float* squares);
void norm_moments(const NormRows& rows, const Bf16* x, size_t count, float* sums, float* squares);

/// y of x.
void norm_apply(const NormRows& rows, const float* x, size_t count, float* y);
void norm_apply(const NormRows& rows, const Bf16* x, size_t count, Bf16* y);

/// sums += g, products += g (x - mean).
void norm_gradient_sums(const NormRows& rows, const float* x, const float* dy, size_t count, float* sums,
                        float* products);
void norm_gradient_sums(const NormRows& rows, const Bf16* x, const Bf16* dy, size_t count, float* sums,
                        float* products);

/// dx of dy.
void norm_gradient(const NormRows& rows, const float* slope, const float* offset, const float* x,
                   const float* dy, size_t count, float* dx);
void norm_gradient(const NormRows& rows, const float* slope, const float* offset, const Bf16* x,
                   const Bf16* dy, size_t count, Bf16* dx);

}  // namespace netsuke::kernels
