#include "kernels/elementwise/activation.h"

#include <cmath>

#include "kernels/clamp.h"
#include "kernels/elementwise/exponential.h"

namespace netsuke::kernels {
namespace {

constexpr Clamp kUnit{0, 1};

}  // namespace

void leaky_relu(const float* x, size_t count, float alpha, float* out) {
  for (size_t i = 0; i < count; ++i) out[i] = x[i] > 0 ? x[i] : alpha * x[i];
}

void sigmoid(const float* x, size_t count, float* out) {
  for (size_t i = 0; i < count; ++i) out[i] = 1 / (1 + exponential(-x[i]));
}

void tanh(const float* x, size_t count, float* out) {
  for (size_t i = 0; i < count; ++i) out[i] = 1 - 2 / (1 + exponential(2 * x[i]));
}

void hard_sigmoid(const float* x, size_t count, float alpha, float beta, float* out) {
  for (size_t i = 0; i < count; ++i) out[i] = kUnit(alpha * x[i] + beta);
}

void hard_swish(const float* x, size_t count, float* out) {
  for (size_t i = 0; i < count; ++i) out[i] = x[i] * kUnit(x[i] / 6 + 0.5f);
}

void elu(const float* x, size_t count, float alpha, float* out) {
  for (size_t i = 0; i < count; ++i) out[i] = x[i] > 0 ? x[i] : alpha * (exponential(x[i]) - 1);
}

void softplus(const float* x, size_t count, float* out) {
  for (size_t i = 0; i < count; ++i)
    out[i] = (x[i] > 0 ? x[i] : 0) + std::log1p(exponential(-std::abs(x[i])));
}

void erf(const float* x, size_t count, float* out) {
  for (size_t i = 0; i < count; ++i) out[i] = std::erf(x[i]);
}

}  // namespace netsuke::kernels
