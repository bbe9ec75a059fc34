#pragma once

#include <array>

#include "zoo/zoo.h"

namespace netsuke::zoo {

extern const Flag mobilenet_v1_flags[3];

/// The same and keep-resolution: a net made for 224x224 halves early, since there pixels are many.
extern const std::array<Flag, 4> mobilenet_v1_small_flags;

/// MobileNet v1: 4,231,976 parameters, 569M MACs at alpha 1 and 224x224. The paper's resolution multiplier is
/// the input: 3x160x160 is rho = 160/224.
Graph mobilenet_v1(const Options& options);

/// MobileNet v1 for small images: 3,217,226 parameters, 46M MACs at 3x32x32 and 10 classes; 176M
/// where the resolution is kept.
Graph mobilenet_v1_small(const Options& options);

}  // namespace netsuke::zoo
