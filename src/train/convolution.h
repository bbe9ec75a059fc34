// Convolutions in training, computed by the runtime's kernels, which are faster than oneDNN's for AVX2
// (docs/decisions/0008).
#pragma once

#include <ATen/ATen.h>

#include "graph/graph.h"

namespace netsuke::train {

/// Whether convolution() computes this: fp32, neither depthwise nor 1x1 without groups nor a
/// linear layer in its form, no shape that would take memory as no real layer does, on a CPU with vectors.
bool has_convolution(const Conv2d& op, const at::Tensor& x, const at::Tensor& weight);

/// As at::conv2d, and differentiable once: x NCHW, weight OIHW, bias [O] or undefined. 3x3 of stride 1 by
/// Winograd's F(4, 3), both gradients too. But for the bias of a single channel no result
/// depends on the number of threads.
at::Tensor convolution(const Conv2d& op, const at::Tensor& x, const at::Tensor& weight,
                       const at::Tensor& bias);

}  // namespace netsuke::train
