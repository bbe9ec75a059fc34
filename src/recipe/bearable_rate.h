// The learning rate of a retraining where the model does not say what it was trained with.
#pragma once

#include <vector>

#include "recipe/run.h"

namespace netsuke::recipe {

/// The highest of `options.learning_rate`, a third of it, a ninth ... whose first steps, ten at most, leave
/// the loss no higher than it was, and than which a third is no better; the log tells where it is a lower
/// one. An imported network may have no batch norms and pixels of 0 to 255: SqueezeNet forgets all at 0.005.
double bearable_rate(const Graph& graph, const std::vector<Graph>& teachers, const train::Options& options,
                     const Context& context);

}  // namespace netsuke::recipe
