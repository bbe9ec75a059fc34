// Convolutions in training, computed by the runtime's kernels, which are faster than oneDNN's for AVX2
// (docs/decisions/0008).
#pragma once

#include <ATen/ATen.h>

#include "graph/graph.h"

namespace netsuke::train {

/// Whether convolution() computes this: fp32 by 3x3 windows of stride 1, of 16 or more channels in multiples
/// of 16, or by 1x1 in groups, on a CPU with vectors.
bool has_convolution(const Conv2d& op, const at::Tensor& x, const at::Tensor& weight);

/// As at::conv2d, and differentiable once: x NCHW, weight OIHW, bias [O] or undefined. 3x3 by Winograd's
/// F(4, 3), both gradients too. No result depends on the number of threads.
at::Tensor convolution(const Conv2d& op, const at::Tensor& x, const at::Tensor& weight,
                       const at::Tensor& bias);

}  // namespace netsuke::train
