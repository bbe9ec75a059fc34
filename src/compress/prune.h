// Magnitude pruning (Han 2015, arXiv 1506.02626): the smallest weights go, the others keep their values.
#pragma once

#include "compress/targets.h"

namespace netsuke::compress {

/// All three take any encoding and give Sparse, or SparseCodebook for shared weights, whose codes stay as
/// they are. What was pruned stays pruned, and densities count against all weights of a layer, so pruning may
/// be repeated.

/// Keeps weights with |w| >= quality x standard deviation of all the layer's weights, pruned ones included as
/// zeros. Throws Error(usage) for a negative quality.
Graph prune_by_quality(const Graph& graph, const PerLayer<double>& quality);

/// Keeps exactly round(density x elements) weights of each layer, those of largest magnitude; of equal ones
/// the first. A layer that already keeps fewer stays as it is. Throws Error(usage) for a density outside [0,
/// 1].
Graph prune_to_density(const Graph& graph, const PerLayer<double>& density);

/// Keeps round(density x elements of all these layers) weights, those of largest magnitude anywhere. With
/// `scale_by_deviation` magnitudes are first divided by their layer's standard deviation, so that layers of
/// small weights are not emptied. `layers` are names, patterns or kinds.
Graph prune_globally(const Graph& graph, double density, bool scale_by_deviation,
                     std::span<const std::string> layers);

/// How the density falls from 1 to its final value over the rounds of an iterative schedule.
enum class Schedule {
  geometric,  ///< the same share of the survivors goes in every round
  cubic,      ///< fast at first, slow at the end (Zhu and Gupta 2017, equation 1)
};
Schedule parse_schedule(std::string_view name);

/// The density after `round` of `rounds` rounds (1 to rounds); the last is `final` exactly.
double scheduled_density(double final, int round, int rounds, Schedule schedule = Schedule::geometric);

}  // namespace netsuke::compress
