// Shapes: activations are NCHW (or NC), convolution weights OIHW, linear weights [out, in].
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace netsuke {

using Shape = std::vector<int64_t>;

/// A dimension, which is never negative, as sizes of memory are told.
constexpr size_t size(int64_t dimension) { return static_cast<size_t>(dimension); }

/// No tensor of ours has more dimensions or more elements than these; what claims more is refused unread.
inline constexpr size_t kMaxRank = 8;
inline constexpr int64_t kMaxElements = int64_t{1} << 31;

/// The product of the dimensions (1 for a scalar's empty shape). Throws Error(input) for a negative dimension
/// or more than kMaxElements.
int64_t element_count(const Shape& shape);

/// "20x1x5x5"; "scalar" for an empty shape.
std::string to_text(const Shape& shape);

/// The inverse of to_text; throws Error(usage) naming `what`.
Shape parse_shape(std::string_view text, std::string_view what);

}  // namespace netsuke
