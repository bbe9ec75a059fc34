#pragma once

#include "zoo/zoo.h"

namespace netsuke::zoo {

/// torchvision's GoogLeNet without its auxiliary classifiers: 6,624,904 parameters, 1.50G MACs.
Graph googlenet(const Options& options);

}  // namespace netsuke::zoo
