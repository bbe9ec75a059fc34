#pragma once

#include "zoo/zoo.h"

namespace netsuke::zoo {

/// VGG-16 (configuration D): 138,357,544 parameters, 15.47G MACs.
Graph vgg16(const Options& options);

}  // namespace netsuke::zoo
