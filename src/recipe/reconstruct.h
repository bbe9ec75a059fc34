// Layer by layer, what compression changed is made up for on images: no labels, no training.
#pragma once

#include "recipe/run.h"

namespace netsuke::recipe {

/// Every convolution and linear layer of `graph`, in order, refitted (compress/refit.h) so that with the
/// inputs that the compressed network gives it, it answers as the layer of the same name in `original` does
/// with its own. Grouped convolutions, and layers with more inputs than the settings allow, stay as they are.
/// Throws Error(interrupted) at Ctrl-C.
Graph reconstruct(const Reconstruct& settings, const Graph& graph, const Graph& original,
                  const Context& context);

}  // namespace netsuke::recipe
