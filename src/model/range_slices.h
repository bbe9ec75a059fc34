// How a weight lies before the range coder.
#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "codec/range_weights.h"
#include "tensor/shape.h"

namespace netsuke::model {

/// The weight as a matrix [first dimension, rest], or its transpose, cut into slices of whole rows that are
/// coded apart: they can be decoded side by side, and what a model learns in one is worth little less than in
/// all. Kernels of convolutions are seen as such, but in a transpose. All slices have 2^20 elements at most,
/// or one row. `period` is that of a matrix for which has_period() holds; 1: none.
std::vector<codec::WeightLayout> range_slices(const Shape& shape, bool transposed, uint64_t period = 1);

/// True for matrices by rows: their columns may be an image's pixels or a map's, which lie in lines of the
/// period that the record states.
bool has_period(const Shape& shape, bool transposed);

/// What codes of these centroids, which ascend, are decided by; none if there are none.
std::optional<codec::RankTree> rank_tree(std::span<const float> centroids);

struct RangeCoded {
  size_t bytes = 0;  ///< of all these slices
  codec::SliceCost cost;
};

/// The slices of a weight: a table, for each slice but of the last how many values it keeps (if `flags`: not
/// every element is kept) and how many bytes it takes, then their bytes. Codes are those of `centroids`; none
/// if there are none.
Bytes write_range_slices(const std::vector<codec::WeightLayout>& slices, bool flags,
                         std::span<const float> centroids, std::span<const uint32_t> positions,
                         std::span<const uint16_t> codes);

/// A slice as it was written.
struct RangeSlice {
  codec::WeightLayout layout;
  uint64_t kept = 0;
  ByteView bytes;
};

/// The slices of a weight that keeps `kept` elements in all, up to the end of `in`. Throws Error(input).
std::vector<RangeSlice> split_range_slices(ByteReader& in, const std::vector<codec::WeightLayout>& layouts,
                                           bool flags, uint64_t kept);

/// The inverse of writing them, into as many positions (if `flags`; they count from the first slice's start)
/// and codes (if there are centroids) as these slices keep. Counts what flags and codes take if `with_cost`.
/// Throws Error(input), which names `what`.
RangeCoded read_range_slices(std::span<const RangeSlice> slices, std::string_view what, bool flags,
                             std::span<const float> centroids, std::span<uint32_t> positions,
                             std::span<uint16_t> codes, bool with_cost);

}  // namespace netsuke::model
