#pragma once

#include <array>

#include "zoo/zoo.h"

namespace netsuke::zoo {

/// SqueezeNet's metaparameters (its section 5.1) and bypass connections (its section 6); and what later
/// nets do better: batch norms, and ReLU after the sum.
extern const Flag squeezenet_flags[8];

/// The same, and where the pools are.
extern const std::array<Flag, 9> squeezenet_small_flags;

/// SqueezeNet v1.0, the paper's: 1,248,424 parameters, 819M MACs at 224x224 and 833M at 227x227.
Graph squeezenet1_0(const Options& options);

/// SqueezeNet v1.1, the authors' later release: 1,235,496 parameters, 349M MACs.
Graph squeezenet1_1(const Options& options);

/// SqueezeNet v1.1 for small images: 727,626 parameters, 24M MACs at 3x32x32 and 10 classes; 89M without the
/// first pool.
Graph squeezenet_small(const Options& options);

}  // namespace netsuke::zoo
