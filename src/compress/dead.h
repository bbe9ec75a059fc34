// Neurons that pruning has cut off on one side (Han 2015, section 3.5).
#pragma once

#include "graph/graph.h"

namespace netsuke::compress {

/// Removes the remaining connections of dead neurons (convolution channels, linear units) until none is left.
/// A neuron whose output nobody reads any more loses its incoming weights and its bias. One without incoming
/// weights gives a constant, which moves into the biases of its reader before its outgoing weights go. Shapes
/// stay, and answers stay the same up to rounding. Only what provably changes nothing is touched: one reader,
/// reached through Relu, Clip, pools, Flatten and Dropout; all else (sums, concats, groups, constants that
/// meet zero padding) stays.
Graph remove_dead_neurons(const Graph& graph);

}  // namespace netsuke::compress
