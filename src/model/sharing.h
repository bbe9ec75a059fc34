// Shared weights in the order the file keeps them: used centroids only, each once, ascending.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/error.h"

namespace netsuke::model {

struct Shared {
  std::vector<float> centroids;  ///< ascending in the order of IEEE 754 totalOrder: -0 before +0
  std::vector<uint16_t> codes;
};

/// The same values with unused centroids dropped, equal ones (bit for bit) merged and the rest sorted.
Shared compact(std::span<const float> centroids, std::span<const uint16_t> codes);

/// Codes and centroids for values as they are; nothing if there are more than `most` different ones (by their
/// bits).
std::optional<Shared> share_exactly(std::span<const float> values, size_t most);

/// Kept positions of a matrix in the order of its transpose. `positions` ascend and lie in [0, rows *
/// columns).
struct Transposed {
  std::vector<uint32_t> positions;  ///< in the transpose, ascending
  std::vector<uint32_t> source;     ///< for each its index in the positions given
};
Transposed transpose(std::span<const uint32_t> positions, uint64_t rows, uint64_t columns);

}  // namespace netsuke::model
