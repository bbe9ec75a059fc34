// Floats without loss, in the smallest of a few forms: for codebooks, biases, batch-norm parameters and
// weights that are not shared.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "codec/symbol_stream.h"

namespace netsuke::codec {

/// A byte in the file says which.
enum class FloatForm : uint8_t {
  f32 = 0,          ///< IEEE 754 single precision, little-endian
  f16 = 1,          ///< IEEE 754 half precision, little-endian, if every value has one
  progression = 2,  ///< low and step as f32: value i = low + float(i) * step
  f32_planes = 3,   ///< four streams of bytes: the lowest byte of every f32, then the second, ...
  f16_planes = 4,   ///< two streams of bytes: the lower byte of every f16, then the upper
};

/// An arithmetic progression. Each operation is rounded to single precision by itself (never fused): the
/// product first, then the sum.
struct Progression {
  float low = 0;
  float step = 0;
  float at(size_t i) const;
};

/// The progression that gives exactly these floats, bit for bit, if one is found. Fewer than 2^24 values.
std::optional<Progression> find_progression(std::span<const float> values);

/// The half with exactly this value and sign of zero, if there is one. NaN has none.
std::optional<uint16_t> exact_half(float value);
float float_of_half(uint16_t half);

/// One byte of FloatForm and the values. `planes` allows the entropy-coded forms. No values take no bytes.
Bytes write_floats(std::span<const float> values, bool planes = true);

/// The inverse for `count` values, bit for bit. `count` must be bounded by the caller: a progression, or
/// planes of equal bytes, may hold any number of values in a few bytes. Throws Error(input) for an unknown
/// form.
std::vector<float> read_floats(ByteReader& bytes, size_t count);

}  // namespace netsuke::codec
