// Retraining as recipes mean it: at a share of the rate that the model was trained with, and perhaps taught
// by it.
#pragma once

#include "recipe/run.h"

namespace netsuke::recipe {

/// `graph` trained as `retrain` says, with a checkpoint in the context's work folder while it runs.
Graph retrain(const Retrain& retrain, const Graph& graph, const Graph& original, const Context& context);

}  // namespace netsuke::recipe
