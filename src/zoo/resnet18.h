#pragma once

#include "zoo/zoo.h"

namespace netsuke::zoo {

/// ResNet-18: 11,689,512 parameters, 1.81G MACs.
Graph resnet18(const Options& options);

}  // namespace netsuke::zoo
