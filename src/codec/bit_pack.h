// Symbols at a fixed width, for streams that a Huffman code would not make smaller.
#pragma once

#include <bit>
#include <cstdint>
#include <span>

#include "codec/bit_stream.h"

namespace netsuke::codec {

/// Bits that tell apart `alphabet` symbols: 0 for one symbol, 5 for 17 to 32.
inline int packed_width(uint32_t alphabet) {
  return alphabet < 2 ? 0 : static_cast<int>(std::bit_width(alphabet - 1));
}

inline void pack(BitWriter& bits, std::span<const uint16_t> symbols, int width) {
  for (uint16_t symbol : symbols) bits.put(symbol, width);
}

/// Fills `symbols`; throws Error(input) at the end of the bits or at a symbol outside the alphabet.
inline void unpack(BitReader& bits, uint32_t alphabet, std::span<uint16_t> symbols) {
  const int width = packed_width(alphabet);
  for (uint16_t& symbol : symbols) {
    const uint32_t value = bits.get(width);
    require(value < alphabet, bits.what(), ": symbol ", value, " of an alphabet of ", alphabet);
    symbol = static_cast<uint16_t>(value);
  }
}

}  // namespace netsuke::codec
