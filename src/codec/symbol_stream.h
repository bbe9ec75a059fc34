// A run of symbols in the smaller of two forms: packed at a fixed width, or Huffman-coded with its table.
//
//   1 bit    0: packed; 1: Huffman
//   packed   every symbol in packed_width(alphabet) bits
//   Huffman  the table (huffman.h), then the codes
//   zero bits up to the next byte
//
// A stream of no symbols takes no bytes at all. The number of symbols and the alphabet are known to the
// reader.
#pragma once

#include <optional>
#include <span>

#include "codec/huffman.h"

namespace netsuke::codec {

enum class SymbolCoder { smallest, packed, huffman };

/// How a stream was or would be coded, and what it takes.
struct StreamSize {
  bool huffman = false;
  uint64_t table_bits = 0;   ///< the form's bit and the code table
  uint64_t symbol_bits = 0;  ///< the symbols
  uint64_t bytes() const { return (table_bits + symbol_bits + 7) / 8; }
};

/// How often each symbol of an alphabet occurs.
std::vector<uint64_t> count_symbols(std::span<const uint16_t> symbols, uint32_t alphabet);

/// Zero-order entropy of a stream with these counts, in bits: no code of single symbols can take less.
double entropy_bits(std::span<const uint64_t> counts);

/// The exact size of a stream with these counts. A coder of `huffman` falls back to packed if no code fits.
StreamSize measure_stream(std::span<const uint64_t> counts, SymbolCoder coder = SymbolCoder::smallest);

/// Every symbol must lie below `alphabet`, which is 1 to kMaxAlphabet.
Bytes write_stream(std::span<const uint16_t> symbols, uint32_t alphabet,
                   SymbolCoder coder = SymbolCoder::smallest);

/// Reads the symbols of one stream, one by one or in runs.
class StreamReader {
 public:
  /// Reads the form and the table from where `bytes` stands. Throws Error(input) for a damaged table.
  StreamReader(const ByteReader& bytes, uint32_t alphabet);

  uint32_t next();
  void read(std::span<uint16_t> symbols);
  /// The symbol that every call gives, if the stream takes no bits: then its length is not bounded by its
  /// bytes.
  std::optional<uint32_t> only_symbol() const;
  /// Throws Error(input) for more symbols than there are bits left, if symbols take any.
  void require_room_for(uint64_t symbols) const;
  bool huffman() const { return decoder_.has_value(); }
  /// Where the next symbol begins, in bits; reading may go on there again.
  uint64_t at() const { return bits_.at(); }
  void move_to(uint64_t bit) { bits_.move_to(bit); }
  /// Moves `bytes` behind the stream; bits up to the next byte must be zero. Tells the size of what was read.
  StreamSize finish(ByteReader& bytes) const;

 private:
  BitReader bits_;
  uint32_t alphabet_;
  std::optional<HuffmanDecoder> decoder_;
  std::optional<uint32_t> only_;
  uint64_t table_bits_ = 0;
};

/// A whole stream of `count` symbols. `count` must be bounded by the caller: a stream may take no bits.
std::vector<uint16_t> read_stream(ByteReader& bytes, size_t count, uint32_t alphabet,
                                  StreamSize* size = nullptr);

}  // namespace netsuke::codec
