// What train() refuses before it starts.
#pragma once

#include "train/train.h"

namespace netsuke::train {

/// Throws Error(usage) for an option out of its range, naming it.
void check_options(const Options& options);

/// Throws Error(input) unless the graph has one image input and one output of scores, computed by some node.
void check_graph(const Graph& graph);

/// Throws Error(input) unless the images fit the graph's input and every label has an output.
void check_data(const Graph& graph, const Dataset& data, bool may_be_unlabelled = false);

/// Throws Error(input) unless both graphs give one score to each of the same number of classes.
void check_same_scores(const Graph& student, const Graph& teacher);

/// Throws Error(input) unless `input` is a batch of the graph's input.
void check_input(const Graph& graph, const Tensor& input);

}  // namespace netsuke::train
