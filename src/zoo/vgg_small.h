#pragma once

#include "zoo/zoo.h"

namespace netsuke::zoo {

extern const Flag vgg_small_flags[2];

/// The CIFAR net of BinaryConnect, BNN and XNOR-Net: 14.0M parameters and 617M MACs at 3x32x32 and width 1.
/// With hidden=0 it is what later works on binary networks call VGG-Small (IR-Net, Qin 2020): no linear layer
/// but the last, 4.66M parameters and 608M MACs.
Graph vgg_small(const Options& options);

}  // namespace netsuke::zoo
