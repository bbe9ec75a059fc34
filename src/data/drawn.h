// Pictures that nobody took: what a network is fitted to where there is no data.
#pragma once

#include "data/dataset.h"

namespace netsuke {

/// `images` pictures of `shape` ({channels, height, width}) of opaque discs and bars of every size, each in
/// front of those before it (dead leaves: their edges and spectrum are those of photographs; Lee, Mumford and
/// Huang 2001), with shading and noise. They show nothing: all have label 0. Throws Error(usage) for no
/// images or another shape.
DatasetPtr make_drawn(int64_t images, const Shape& shape, uint64_t seed);

}  // namespace netsuke
