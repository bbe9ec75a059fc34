// Canonical Huffman codes with a length limit (Deep Compression, section 4): optimal code lengths, a compact
// table of them, an encoder, and a decoder in a fast and a slow form.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "codec/bit_stream.h"

namespace netsuke::codec {

/// Longest code in bits. 15 keeps a decoder's table small and costs nothing measurable.
inline constexpr int kMaxCodeLength = 15;
/// Symbols are numbers below this.
inline constexpr uint32_t kMaxAlphabet = 65536;

/// A prefix code. Codes are canonical: shorter ones first, among equals in the order of their symbols,
/// counting up from all zeros. It is complete: sum of 2^-length = 1.
struct HuffmanCode {
  std::vector<uint8_t> lengths;  ///< one for each symbol, 0 for symbols that do not occur
  /// The symbol of a stream in which no other occurs: it takes no bits, and all lengths are 0.
  std::optional<uint32_t> only;
  bool operator==(const HuffmanCode&) const = default;
};

/// The code of least total length for these counts (package-merge: Larmore and Hirschberg, 1990), or nothing
/// if no code fits: no symbol occurs, or more than 2^15 do. At most kMaxAlphabet counts, their sum below
/// 2^58.
std::optional<HuffmanCode> optimal_code(std::span<const uint64_t> counts);

/// Bits that the symbols take, the table not counted.
uint64_t coded_bits(const HuffmanCode& code, std::span<const uint64_t> counts);

/// Writes the code lengths, about two bits for a symbol whose neighbours have similar lengths:
///
///   4 bits  p: 0 for a code of one symbol, which follows in packed_width(alphabet) bits; else the length
///           predicted for symbol 0, which is the first length that is not 0
///   then for each symbol, until sum of 2^-length reaches 1 (all symbols behind are unused):
///     0                    the length predicted: that of the nearest used symbol before
///     100, 101             one more, one less
///     1100, 1101           two more, two less
///     1110 and 4 bits      this length, 1 to 15
///     1111 and gamma(r)    r symbols from here on are unused
///
/// gamma(r) is Elias' gamma code: as many zeros as r has bits after its first, then r.
void write_table(BitWriter& bits, const HuffmanCode& code);

/// The inverse, for an alphabet of this many symbols. Throws Error(input) for lengths outside 1 to 15 and for
/// codes that are over-subscribed or incomplete.
HuffmanCode read_table(BitReader& bits, uint32_t alphabet);

class HuffmanEncoder {
 public:
  explicit HuffmanEncoder(const HuffmanCode& code);
  /// The symbol must have a code.
  void put(BitWriter& bits, uint32_t symbol) const { bits.put(codes_[symbol], lengths_[symbol]); }

 private:
  std::vector<uint16_t> codes_;
  std::vector<uint8_t> lengths_;
};

class HuffmanDecoder {
 public:
  /// The code must be complete, as read_table and optimal_code give it.
  explicit HuffmanDecoder(const HuffmanCode& code);

  /// The next symbol. Throws Error(input) at the end of the bits.
  uint32_t next(BitReader& bits) const {
    if (only_) return *only_;
    const Step step = look_up(bits.window());
    bits.skip(step.length);
    return step.symbol;
  }
  /// Fills `symbols`; the same as next() for each, but faster.
  void read(BitReader& bits, std::span<uint16_t> symbols) const;
  /// The same as next(), bit by bit: the slow twin.
  uint32_t next_slowly(BitReader& bits) const;

 private:
  struct Step {
    uint16_t symbol = 0;
    uint8_t length = 0;  // 0 marks a prefix of codes longer than the table's width
  };
  Step look_up(uint64_t window) const {
    const Step step = table_[window >> (64 - table_width_)];
    return step.length != 0 ? step : long_code(window);
  }
  Step long_code(uint64_t window) const;

  std::optional<uint32_t> only_;
  std::vector<uint16_t> symbols_;                             // those that occur, in the order of their codes
  std::array<uint32_t, kMaxCodeLength + 1> first_code_ = {};  // of each length
  std::array<uint32_t, kMaxCodeLength + 1> first_index_ = {};
  std::array<uint32_t, kMaxCodeLength + 1> count_ = {};
  int table_width_ = 1;
  std::vector<Step> table_;
};

}  // namespace netsuke::codec
