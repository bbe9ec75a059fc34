#pragma once

#include "zoo/zoo.h"

namespace netsuke::zoo {

extern const Flag vgg_small_flags[1];

/// The CIFAR net of BinaryConnect, BNN and XNOR-Net: 14.0M parameters and 617M MACs at 3x32x32 and width 1.
Graph vgg_small(const Options& options);

}  // namespace netsuke::zoo
