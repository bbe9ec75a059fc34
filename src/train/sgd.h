// Stochastic gradient descent with momentum.
#pragma once

#include <span>

namespace netsuke::train {

struct SgdStep {
  float rate = 0;
  float momentum = 0;
  float weight_decay = 0;
  bool nesterov = false;
};

/// One step in place:
///   g <- g + weight_decay w;  v <- momentum v + g;  w <- w - rate (nesterov ? g + momentum v : v)
/// All three spans have one length; `velocity` starts at zero.
void sgd_step(std::span<float> values, std::span<const float> gradient, std::span<float> velocity,
              const SgdStep& step);

}  // namespace netsuke::train
