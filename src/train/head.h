// Making a trained network answer another question.
#pragma once

#include "graph/graph.h"

namespace netsuke::train {

/// The graph with a new last layer of `classes` outputs: the linear layer or convolution nearest to the
/// output, behind which only activations, pooling, dropout and reshaping may stand. Its weights are drawn as
/// a fresh network's are (He-normal), its bias is zero, all others are shared with `graph`; names of classes
/// are forgotten. Throws Error(input) naming the node that is in the way.
Graph with_new_head(const Graph& graph, int classes, uint64_t seed);

/// The graph with `by` added to the bias of one output of the same last layer, which must have biases.
Graph with_raised_bias(const Graph& graph, int output, float by);

/// How many nodes from the start of `graph` up to and with the one named `last` there are: those that keep
/// their weights when a network is fine-tuned. 0 for an empty name. Throws Error(usage) for an unknown one.
size_t nodes_until(const Graph& graph, const std::string& last);

}  // namespace netsuke::train
