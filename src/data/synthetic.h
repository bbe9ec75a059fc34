// Generated images that a small network can learn in seconds, for tests and for trying things without a
// download.
#pragma once

#include "data/dataset.h"

namespace netsuke {

/// `images` images of `shape` ({channels, height, width}): every class is a set of bright blobs at places of
/// its own (the same for every seed), each image moved a little, scaled in brightness and covered with noise
/// from the seed. Labels take turns, so classes are balanced.
DatasetPtr make_synthetic(int64_t images, const Shape& shape, int classes, uint64_t seed);

}  // namespace netsuke
