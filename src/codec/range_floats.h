// Floats through the range coder: nothing is lost, and a few hundred values pay for no tables.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/bytes.h"

namespace netsuke::codec {

/// What is coded of each number.
enum class NumberKind {
  ascending,  ///< the step from the number before: numbers that ascend strictly
  single,     ///< sign, exponent and fraction of an IEEE 754 single
  half,       ///< the same of a half
};

/// A float's bits as a whole number that orders as IEEE 754's totalOrder does, and back.
uint32_t ordered_bits(float value);
float float_of_ordered(uint32_t ordered);

/// Numbers below 2^32 (below 2^16 of kind half) as bytes that end exactly.
Bytes encode_numbers(NumberKind kind, std::span<const uint32_t> numbers);

/// The inverse for `count` numbers. Any bytes give numbers, or Error(input).
std::vector<uint32_t> decode_numbers(NumberKind kind, ByteView bytes, std::string_view what, size_t count);

}  // namespace netsuke::codec
