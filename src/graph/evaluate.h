// The slow, obvious evaluation: the oracle of every fast kernel, and the fallback where there is none.
#pragma once

#include <vector>

#include "graph/graph.h"
#include "tensor/tensor.h"

namespace netsuke {

/// One op on its inputs, in double where sums are long. Shapes must fit (output_shape throws otherwise).
Tensor evaluate(const Op& op, const std::vector<const Tensor*>& inputs, std::string_view node);

/// The whole graph on one batch per input; returns its outputs.
std::vector<Tensor> evaluate(const Graph& graph, const std::vector<Tensor>& inputs);

}  // namespace netsuke
