// An arithmetic coder of single bits (Rissanen and Langdon 1979; in the range form of Martin 1979): a number
// in [0, 1) is narrowed bit by bit to a part of the interval as large as the bit was probable. 64 bits of
// range with 32 bits of renormalisation: nothing measurable is lost to rounding, and a renormalisation comes
// once in tens of bits.
#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace netsuke::codec {

/// A bit's probability of being 1 in units of 2^-16; 1 to 65,535.
using Probability = uint32_t;

/// Below this, a range is widened by 32 bits.
inline constexpr uint64_t kLeastRange = uint64_t{1} << 32;

class RangeEncoder {
 public:
  /// Both coders have this call, so that one model drives either; the encoder gives back the bit it was
  /// given.
  bool code(bool bit, Probability one) {
    const uint64_t bound = (range_ >> 16) * one;
    if (bit) {
      range_ = bound;
    } else {
      low_ += bound;
      if (low_ < bound) carry();
      range_ -= bound;
    }
    if (range_ < kLeastRange) shift();
    return bit;
  }
  /// The fewest bytes that decode to what was coded; a decoder reads zeros behind them. The encoder is spent.
  Bytes finish();

 private:
  void carry();
  void shift();

  Bytes bytes_;
  uint64_t low_ = 0;  // of the interval, below the bytes that are out already
  uint64_t range_ = UINT64_MAX;
};

/// Reads any bytes: what was not written by an encoder gives arbitrary bits, never an error, until finish().
class RangeDecoder {
 public:
  /// `what` names the source in errors and must outlive the decoder, as must the bytes.
  RangeDecoder(ByteView bytes, std::string_view what) : bytes_(bytes), what_(what) {
    value_ = static_cast<uint64_t>(word()) << 32;
    value_ |= word();
  }

  /// The next bit; the first argument is ignored.
  bool code(bool, Probability one) {
    const uint64_t bound = (range_ >> 16) * one;
    const bool bit = value_ < bound;
    // Selected without a branch: bits are hard to predict, or they would not be coded like this.
    const uint64_t zero = uint64_t{bit} - 1;  // all ones for a 0
    value_ -= bound & zero;
    range_ = bound + ((range_ - 2 * bound) & zero);
    if (range_ < kLeastRange) {
      range_ <<= 32;
      value_ = (value_ << 32) | word();
    }
    return bit;
  }
  /// Throws Error(input) if the bytes are more than an encoder would have written for what was decoded.
  void finish() const;

 private:
  // The next 4 bytes, the first one on top; zeros behind the end.
  uint32_t word() {
    uint32_t word = 0;
    for (size_t end = at_ + 4; at_ < end; ++at_)
      word = (word << 8) | (at_ < bytes_.size() ? bytes_[at_] : 0u);
    return word;
  }

  ByteView bytes_;
  std::string_view what_;
  size_t at_ = 0;
  uint64_t range_ = UINT64_MAX;
  uint64_t value_ = 0;  // of the number, above the interval's low end
};

}  // namespace netsuke::codec
