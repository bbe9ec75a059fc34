// The diagonal of the Fisher information, measured: what the module's curvature() does.
#pragma once

#include "train/train.h"

namespace netsuke::train {

/// curvature() of arguments that are checked, with torch set up.
std::vector<std::vector<float>> fisher_diagonal(const Graph& graph, const Dataset& data,
                                                const CurvatureOptions& options, const Log& log);

}  // namespace netsuke::train
