#include "train/optimizer.h"

#include <cmath>
#include <cstddef>

namespace netsuke::train {
namespace {

// One pass over memory each: several would cost as much as a small net's backward pass.

void sgd(std::span<float> values, std::span<const float> gradient, std::span<float> velocity,
         std::span<float>, const OptimizerStep& step) {
  for (size_t i = 0; i < values.size(); ++i) {
    const float slope = step.gradient_scale * gradient[i] + step.weight_decay * values[i];
    velocity[i] = step.momentum * velocity[i] + slope;
    values[i] -= step.rate * (step.nesterov ? slope + step.momentum * velocity[i] : velocity[i]);
  }
}

/// 1 - beta^t: what an average that started at zero has of the values that it averages.
float filled(float beta, int64_t number) {
  return static_cast<float>(1 - std::pow(static_cast<double>(beta), static_cast<double>(number)));
}

template <bool kDecoupled>
void adam(std::span<float> values, std::span<const float> gradient, std::span<float> first,
          std::span<float> second, const OptimizerStep& step) {
  const float rate = step.rate / filled(step.momentum, step.number);
  const float scale = 1 / std::sqrt(filled(step.beta2, step.number));
  const float kept = kDecoupled ? 1 - step.rate * step.weight_decay : 1;
  const float decay = kDecoupled ? 0 : step.weight_decay;
  for (size_t i = 0; i < values.size(); ++i) {
    const float slope = step.gradient_scale * gradient[i] + decay * values[i];
    first[i] += (1 - step.momentum) * (slope - first[i]);
    second[i] += (1 - step.beta2) * (slope * slope - second[i]);
    values[i] = kept * values[i] - rate * first[i] / (std::sqrt(second[i]) * scale + step.epsilon);
  }
}

void rmsprop(std::span<float> values, std::span<const float> gradient, std::span<float> first,
             std::span<float> second, const OptimizerStep& step) {
  for (size_t i = 0; i < values.size(); ++i) {
    const float slope = step.gradient_scale * gradient[i] + step.weight_decay * values[i];
    second[i] += (1 - step.beta2) * (slope * slope - second[i]);
    first[i] = step.momentum * first[i] + slope / (std::sqrt(second[i]) + step.epsilon);
    values[i] -= step.rate * first[i];
  }
}

constexpr Optimizer kOptimizers[] = {
    {"sgd", false, 0, sgd},
    {"adam", true, 0.999, adam<false>},
    {"adamw", true, 0.999, adam<true>},
    {"rmsprop", true, 0.99, rmsprop},
};

}  // namespace

std::span<const Optimizer> optimizers() { return kOptimizers; }

}  // namespace netsuke::train
