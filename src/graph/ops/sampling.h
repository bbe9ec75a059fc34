// Where resized and padded images take their pixels from, along one axis.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "graph/ops/rearrange.h"

namespace netsuke::ops {

/// The two pixels that make an output pixel, and the share of the second.
struct Sample {
  int64_t first = 0, second = 0;
  double share = 0;
};

/// For output pixel `i` of `to`, from an input of `from` pixels.
Sample sample(const Resize& op, int64_t i, int64_t from, int64_t to);

/// The pixel of `size` that stands at place `i`, which may lie outside by less than `size`. Only modes that
/// fill with pixels of the image have one: 1 reflects, 2 repeats the edge.
inline int64_t padding_source(int mode, int64_t i, int64_t size) {
  const int64_t last = size - 1;
  return mode == 1 ? last - std::abs(last - std::abs(i)) : std::clamp<int64_t>(i, 0, last);
}

}  // namespace netsuke::ops
