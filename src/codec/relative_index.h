// Where the kept weights of a pruned layer stand, as the distances between them (Deep Compression, section 2
// and figure 2; EIE, section III-B).
//
// A position is coded by the number of zeros before it, counted from the position before. At a width of b
// bits the symbols 0 .. 2^b - 2 give that number and a kept weight; the last symbol, the filler, stands for
// 2^b - 1 zeros and no weight. The paper's filler zero is a symbol of the index stream with a dummy weight of
// zero in the weight stream; ours needs no dummy, so that the weight stream holds the kept weights and
// nothing else.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/error.h"

namespace netsuke::codec {

inline constexpr int kLeastIndexBits = 2;
inline constexpr int kMostIndexBits = 16;

/// The filler at this width; also the number of zeros it stands for.
inline uint32_t filler(int bits) { return (1u << bits) - 1; }

/// How often each number of zeros between kept weights occurs. Enough to know the size of the index at every
/// width.
struct Run {
  uint32_t zeros = 0;
  uint64_t count = 0;
};
std::vector<Run> count_runs(std::span<const uint32_t> positions);

/// How often each of the 2^bits symbols occurs in the index of positions with these runs.
std::vector<uint64_t> count_gap_symbols(std::span<const Run> runs, int bits);

/// The symbols of strictly ascending positions.
std::vector<uint16_t> gaps_from_positions(std::span<const uint32_t> positions, int bits);

/// The inverse: fills `positions`, which lie below `elements`. `at` is the element that the next symbol
/// counts from; it ends behind the last position. `next()` gives the symbols; `fillers` counts those that
/// were met. Throws Error(input) naming `what` for a position outside. How many there are must be bounded by
/// the caller.
template <class Next>
void positions_from_gaps(int bits, std::span<uint32_t> positions, uint64_t& at, uint64_t elements,
                         std::string_view what, Next next, uint64_t& fillers) {
  const uint32_t skip = filler(bits);
  for (uint32_t& position : positions) {
    uint32_t symbol = next();
    for (; symbol == skip && at < elements; symbol = next()) at += skip, ++fillers;
    at += symbol;
    require(at < elements, what, ": a kept weight lies outside the ", elements, " elements");
    position = static_cast<uint32_t>(at++);
  }
}

}  // namespace netsuke::codec
