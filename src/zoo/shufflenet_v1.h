#pragma once

#include "zoo/zoo.h"

namespace netsuke::zoo {

extern const Flag shufflenet_v1_flags[3];

/// ShuffleNet v1: 1,865,728 parameters, 137M MACs with 3 groups at scale 1.
Graph shufflenet_v1(const Options& options);

/// ShuffleNet v1 for small images: 914,338 parameters, 43M MACs at 3x32x32, 10 classes, 3 groups.
Graph shufflenet_v1_small(const Options& options);

}  // namespace netsuke::zoo
