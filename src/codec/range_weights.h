// A slice of a weight through the range coder: which elements are kept, and their codes.
#pragma once

#include <optional>

#include "codec/weight_model.h"

namespace netsuke::codec {

/// What a slice's parts take, in bits.
struct SliceCost {
  double flags = 0;
  double codes = 0;
};

/// A slice's kept elements. Positions count from the slice's start and ascend; there are none if every
/// element is kept and flags take no bits. Codes stand in the order of the positions; there are none if
/// `tree` is null.
struct SliceView {
  std::span<const uint32_t> positions;
  std::span<const uint16_t> codes;
};

/// The slice as bytes that end exactly; it may be none at all.
Bytes encode_slice(const WeightLayout& layout, bool flags, const RankTree* tree, const SliceView& slice,
                   SliceCost* cost = nullptr);

/// The inverse, into spans of as many items as are kept; `first` is added to each position. Any bytes give
/// positions inside the slice and codes of the tree, or Error(input). Takes time in proportion to the
/// elements.
void decode_slice(ByteView bytes, std::string_view what, const WeightLayout& layout, uint64_t kept,
                  bool flags, const RankTree* tree, uint32_t first, std::span<uint32_t> positions,
                  std::span<uint16_t> codes, SliceCost* cost = nullptr);

}  // namespace netsuke::codec
