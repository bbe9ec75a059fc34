#include "train/sgd.h"

#include <cstddef>

namespace netsuke::train {

void sgd_step(std::span<float> values, std::span<const float> gradient, std::span<float> velocity,
              const SgdStep& step) {
  // One pass over memory: four would cost as much as a small net's backward pass.
  for (size_t i = 0; i < values.size(); ++i) {
    const float slope = gradient[i] + step.weight_decay * values[i];
    velocity[i] = step.momentum * velocity[i] + slope;
    values[i] -= step.rate * (step.nesterov ? slope + step.momentum * velocity[i] : velocity[i]);
  }
}

}  // namespace netsuke::train
