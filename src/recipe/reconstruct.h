// Layer by layer, what compression changed is made up for on images: no labels, no training.
#pragma once

#include "recipe/run.h"

namespace netsuke::recipe {

/// Every convolution and linear layer of `graph`, in order, refitted (compress/refit.h) so that with the
/// inputs that the compressed network gives it, it answers as the layer of the same name in `original` does
/// with its own. Shared weights take new codes, of no more bits, if the settings say so, and with a tolerance
/// all weights are shared anew: from the original's values at the places that are kept, whatever stages
/// before made of them (compress/recode.h). Grouped convolutions, layers that share constants, layers with
/// more inputs than the settings allow, and those that answer zero stay as they are; so do all where pictures
/// are to be drawn and the network takes none. Throws Error(interrupted) at Ctrl-C, Error(usage) for too few
/// images to judge a tolerance by.
Graph reconstruct(const Reconstruct& settings, const Graph& graph, const Graph& original,
                  const Context& context);

/// Why pictures cannot be drawn for the graph (data/drawn.h): it takes no picture, or the runtime does not
/// run it. Empty where they can.
std::string why_not_drawn(const Graph& graph);

}  // namespace netsuke::recipe
