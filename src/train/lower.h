// The one interpreter: any graph's nodes on torch tensors, for training and for inference. Architectures are
// never written as torch modules.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "graph/graph.h"

namespace netsuke::train {

/// How a graph is computed: in training dropout drops, and batch norms use the batch's statistics and move
/// their running ones towards them (momentum 0.1).
struct Pass {
  bool training = false;
  bool bf16 = false;          ///< convolutions, and what lies between them, in bfloat16; not for gradients of
                              ///< inference
  uint64_t dropout_seed = 0;  ///< of this step: equal seeds drop equal values
  size_t frozen = 0;          ///< nodes from the start that compute as in inference
  bool only_libtorch = false;  ///< convolutions too, which are otherwise computed by kernels of ours
  bool smooth_sign = false;    ///< signs have the gradient of Bi-Real Net, see Options::sign_gradient
};

/// Computes `wanted` for a batch given as the graph's only input. `constants` holds a tensor for every value
/// that has a weight, by ValueId; those that require gradients get them from the result's backward().
/// Semantics are those of graph/op.h.
at::Tensor lower(const Graph& graph, const std::vector<at::Tensor>& constants, const at::Tensor& input,
                 ValueId wanted, const Pass& pass);

}  // namespace netsuke::train
