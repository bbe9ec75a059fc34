// What changes of weights cost, to second order.
#pragma once

#include <vector>

#include "compress/targets.h"

namespace netsuke::compress {

/// How much the loss minds changes of every element of a constant, by ValueId; empty for constants that do
/// not learn: train::curvature().
using Curvature = std::vector<std::vector<float>>;

/// F of the kept elements of a target, in position order. Each counts a little as its layer does on average:
/// what a few thousand images say of one weight is noisy. Throws Error(usage) where `curvature` does not fit.
std::vector<float> kept_curvature(const Graph& graph, const Target& target, const Curvature& curvature);

/// F w^2 / 2 for each kept element: what losing it costs (Optimal Brain Damage, LeCun 1990, equation 5).
std::vector<float> saliencies(const Weight& weight, const std::vector<float>& kept_curvature);

/// Half the sum of F (after - before)^2 over all elements: by how many nats the loss will grow, as long as
/// the change is small.
double predicted_growth(const Weight& before, const Weight& after, const std::vector<float>& diagonal);

}  // namespace netsuke::compress
