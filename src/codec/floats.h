// Floats without loss, in the smallest of a few forms: for codebooks, biases, batch-norm parameters and
// weights that are not shared.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "codec/grid.h"
#include "codec/symbol_stream.h"

namespace netsuke::codec {

/// A byte in the file says which.
enum class FloatForm : uint8_t {
  f32 = 0,          ///< IEEE 754 single precision, little-endian
  f16 = 1,          ///< IEEE 754 half precision, little-endian, if every value has one
  progression = 2,  ///< low and step as f32: value i = low + float(i) * step
  f32_planes = 3,   ///< four streams of bytes: the lowest byte of every f32, then the second, ...
  f16_planes = 4,   ///< two streams of bytes: the lower byte of every f16, then the upper
  ascending = 5,    ///< through the range coder (range_floats.h): strictly ascending in totalOrder
  f32_range = 6,    ///< the same: sign, exponent and fraction of every f32
  f16_range = 7,    ///< or of every f16
  grid = 8,  ///< low and step as of a progression, and the places of the values on it as ascending numbers
};

/// True for the forms that need the range coder.
inline bool is_range_coded(FloatForm form) { return form >= FloatForm::ascending; }

/// The forms that a writer may choose from.
enum class FloatCoder {
  plain,    ///< no entropy coding
  symbols,  ///< and planes
  range,    ///< and the range coder's
};

/// The half with exactly this value and sign of zero, if there is one. NaN has none.
std::optional<uint16_t> exact_half(float value);
float float_of_half(uint16_t half);

/// One byte of FloatForm and the values, in the smallest of the forms that `coder` allows. No values take no
/// bytes.
Bytes write_floats(std::span<const float> values, FloatCoder coder = FloatCoder::range);

/// The inverse for `count` values, bit for bit. `count` must be bounded by the caller: a progression,
/// planes of equal bytes, or what the range coder expects, may hold any number of values in a few bytes.
/// Throws Error(input) for an unknown form.
std::vector<float> read_floats(ByteReader& bytes, size_t count);

}  // namespace netsuke::codec
