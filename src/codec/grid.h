// Floats that lie on an even grid, as quantization leaves them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace netsuke::codec {

/// An arithmetic progression. Each operation is rounded to single precision by itself (never fused): the
/// product first, then the sum.
struct Progression {
  float low = 0;
  float step = 0;
  float at(size_t i) const;
};

/// The progression that gives exactly these floats, bit for bit, if one is found. Fewer than 2^24 values.
std::optional<Progression> find_progression(std::span<const float> values);

/// Some of a progression's values.
struct Grid {
  Progression points;
  std::vector<uint32_t> places;  ///< ascending, from 0: value i is points.at(places[i])
};

/// The grid of at most 2^16 points on which these floats lie, bit for bit, if one is found. They ascend.
std::optional<Grid> find_grid(std::span<const float> values);

}  // namespace netsuke::codec
