// Retraining as recipes mean it: at a share of the rate that the model was trained with, and perhaps taught
// by it. Where the model does not say that rate, as imported ones do not, a few steps at several rates tell.
#pragma once

#include "recipe/run.h"

namespace netsuke::recipe {

/// `graph` trained as `retrain` says, with a checkpoint in the context's work folder while it runs. Where the
/// validation images say that it was better before by half a point (too high a rate, too few images), it is
/// trained once more at a tenth of the rate, and if that is no better it comes back as it was; the log tells.
/// Its `minutes` are of all that.
Graph retrain(const Retrain& retrain, const Graph& graph, const Graph& original, const Context& context);

}  // namespace netsuke::recipe
