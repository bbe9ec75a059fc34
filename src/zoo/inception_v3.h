#pragma once

#include "zoo/zoo.h"

namespace netsuke::zoo {

/// torchvision's Inception-v3 without its auxiliary classifier: 23,834,568 parameters, 5.71G MACs at 299x299.
Graph inception_v3(const Options& options);

}  // namespace netsuke::zoo
