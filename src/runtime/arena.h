// One block of memory for all activations: values that are never alive at the same time share their place.
#pragma once

#include <cstddef>
#include <vector>

namespace netsuke::runtime {

/// A value of `size` floats that is alive from step `first` to step `last`, both included.
struct Lifetime {
  size_t size = 0;
  size_t first = 0;
  size_t last = 0;
};

struct ArenaLayout {
  std::vector<size_t> offsets;  ///< one a lifetime, in floats, multiples of a cache line
  size_t size = 0;              ///< floats in all
};

/// First fit, the largest value first: each takes the lowest place that is free during all of its life.
ArenaLayout lay_out(const std::vector<Lifetime>& lifetimes);

}  // namespace netsuke::runtime
