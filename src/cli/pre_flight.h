// What a recipe will give, told before an epoch is spent.
#pragma once

#include "cli/common.h"
#include "recipe/run.h"

namespace netsuke::cli {

struct Expected {
  int64_t bytes = 0;
  double ms = 0;  ///< of one image
};

/// The recipe without training, on the weights as they are: retraining moves values, but hardly how many
/// there are. Vectors that only training gives values, as new batch norms', have noise in the place of them.
/// `images`, which may be null, are what bits are chosen by where the recipe does so; without them pictures
/// are drawn. Throws Error(usage) for a recipe that searches.
Expected pre_flight(const recipe::Recipe& recipe, const Graph& graph, const Dataset* images,
                    const Common& common, const Log& log);

}  // namespace netsuke::cli
