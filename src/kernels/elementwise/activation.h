// Activations that bend. `count` values from `x` to `out`, which may be the same.
#pragma once

#include <cstddef>

namespace netsuke::kernels {

/// x where it is positive, else alpha x.
void leaky_relu(const float* x, size_t count, float alpha, float* out);
/// 1 / (1 + exp(-x)), within 2e-7 of it.
void sigmoid(const float* x, size_t count, float* out);
/// The hyperbolic tangent, within 4e-7 of it.
void tanh(const float* x, size_t count, float* out);
/// alpha x + beta, limited to [0, 1].
void hard_sigmoid(const float* x, size_t count, float alpha, float beta, float* out);
/// x times (x / 6 + 1/2 limited to [0, 1]).
void hard_swish(const float* x, size_t count, float* out);

/// x where it is positive, else alpha (exp(x) - 1).
void elu(const float* x, size_t count, float alpha, float* out);
/// log(1 + exp(x)).
void softplus(const float* x, size_t count, float* out);
/// The error function.
void erf(const float* x, size_t count, float* out);

}  // namespace netsuke::kernels
