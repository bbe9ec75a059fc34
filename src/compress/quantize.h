// Rounding of what is too small to deserve a codebook: biases and batch norms.
#pragma once

#include "compress/targets.h"

namespace netsuke::compress {

/// Point `i` of a grid, rounded after the product and after the sum, so that whoever stores only `low` and
/// `step` gets the same floats back on any machine.
float grid_point(float low, float step, size_t i);

/// The weight with its kept values on a grid of at most 2^bits points from the least to the largest of them:
/// Codebook, or SparseCodebook for pruned weights, whose centroids are grid_point(low, step, i). No value
/// moves by more than half a step. If there are zeros the grid is laid so that they stay zero. `bits` is 1
/// to 16.
WeightPtr quantize(const Weight& weight, int bits);

/// quantize() on every bias that has bits, of layers and of batch norms; a norm's factors and variances keep
/// one significant bit less than that, and its means as much of their channel's deviation, since one grid for
/// all channels would leave nothing of the small ones. Kinds are "bias" and "norm", names as in "conv1.bias".
/// A constant that would not become smaller (its codes and two floats against 32 bits each) stays as it is.
Graph round_vectors(const Graph& graph, const PerLayer<int>& bits);

}  // namespace netsuke::compress
