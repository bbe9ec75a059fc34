// How a gradient moves the values that learn.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace netsuke::train {

struct OptimizerStep {
  float rate = 0;
  float momentum = 0;  ///< beta1 of Adam
  float beta2 = 0;     ///< of Adam; RMSprop's alpha
  float epsilon = 0;
  float weight_decay = 0;
  float gradient_scale = 1;  ///< below 1 where gradients are clipped
  bool nesterov = false;     ///< of SGD
  int64_t number = 1;        ///< of the run's steps, from 1: Adam's averages start at zero
};

struct Optimizer {
  std::string_view name;
  bool has_second = false;  ///< keeps a second average beside the first
  double beta2 = 0;         ///< what people mean who do not say
  /// One step in place. `first` and `second` (empty unless has_second) have the length of the values and
  /// start at zero.
  void (*step)(std::span<float> values, std::span<const float> gradient, std::span<float> first,
               std::span<float> second, const OptimizerStep& step) = nullptr;
};

/// With g' = gradient_scale g + weight_decay w, in PyTorch's forms:
/// sgd:     v <- momentum v + g';  w <- w - rate (nesterov ? g' + momentum v : v)
/// adam:    m <- beta1 m + (1 - beta1) g';  v <- beta2 v + (1 - beta2) g'^2;
///          w <- w - rate m^ / (sqrt(v^) + epsilon), m^ = m / (1 - beta1^t), v^ = v / (1 - beta2^t)
///          (Kingma and Ba 2015, algorithm 1)
/// adamw:   w <- w - rate weight_decay w, then adam without decay (Loshchilov and Hutter 2019, algorithm 2)
/// rmsprop: v <- beta2 v + (1 - beta2) g'^2;  m <- momentum m + g' / (sqrt(v) + epsilon);  w <- w - rate m
std::span<const Optimizer> optimizers();

}  // namespace netsuke::train
