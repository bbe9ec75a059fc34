#pragma once

#include "zoo/zoo.h"

namespace netsuke::zoo {

/// Network in Network for ImageNet: 7,595,176 parameters, 1.10G MACs.
Graph nin(const Options& options);

/// Network in Network for CIFAR: 966,986 parameters, 222M MACs at 3x32x32 and 10 classes.
Graph nin_small(const Options& options);

}  // namespace netsuke::zoo
