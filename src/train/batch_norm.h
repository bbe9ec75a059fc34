// Batch norm, faster than torch's own.
#pragma once

#include <ATen/core/Tensor.h>

namespace netsuke::train {

/// What a batch norm has beside its input, each [C].
struct BatchNormState {
  at::Tensor scale, shift;                    ///< learned
  at::Tensor running_mean, running_variance;  ///< moved towards the batch's by `momentum`
  double momentum = 0.1;
  double epsilon = 1e-5;
};

/// Normalises x [N, C, H, W] or [N, C], float or bfloat16, by its own statistics; negative results are zero
/// with `relu`. In channels-last order. The results do not depend on the number of threads.
at::Tensor batch_norm(const at::Tensor& x, const BatchNormState& state, bool relu);

/// The same by the running statistics, for inference without gradients.
at::Tensor normalised(const at::Tensor& x, const BatchNormState& state, bool relu);

}  // namespace netsuke::train
