// Tiles of counts of differing bits, for several pixels and a strip of output channels, compiled once for
// each instruction set by those who include it.

#if defined(NETSUKE_KERNELS_BINARY_COUNT_TILE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef NETSUKE_KERNELS_BINARY_COUNT_TILE_INL_H_
#undef NETSUKE_KERNELS_BINARY_COUNT_TILE_INL_H_
#else
#define NETSUKE_KERNELS_BINARY_COUNT_TILE_INL_H_
#endif

#include <hwy/highway.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>

#include "kernels/binary/count-inl.h"
#include "kernels/conv/taps.h"
#include "kernels/gemm/gemm-inl.h"

HWY_BEFORE_NAMESPACE();
namespace netsuke::kernels::HWY_NAMESPACE {
namespace count {

// A tile is kCountRows pixels x kTileVectors vectors of outputs: its sums, a row of weights, one piece of
// input and what counting needs are what 32 registers hold, or 16.
#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3
inline constexpr size_t kCountRows = 6;
#else
inline constexpr size_t kCountRows = 4;
#endif

// How many bits differ, for each pixel of a tile and each output of a strip.
struct Counts {
  HWY_ALIGN uint32_t at[kCountRows][kPanelWidth];
  // Not the compiler's own, which g++ would build without the instruction set that surrounds it.
  HWY_INLINE Counts() {}
};

// Which tile: pixels of the table, from `pixel` on.
struct Tile {
  const TapTable<uint64_t>& table;
  size_t pixel;
  size_t pieces;  // of a tap
};

// 32 signs of a pixel. Its words are read in halves, the lower first.
HWY_INLINE uint32_t piece_at(const uint64_t* pixel, size_t piece) {
  uint32_t signs;
  std::memcpy(&signs, reinterpret_cast<const char*>(pixel) + piece * sizeof(signs), sizeof(signs));
  return signs;
}

template <size_t kRows, size_t kVectors>
struct TileSums {
  Words at[kRows][kVectors];

  HWY_INLINE TileSums() {}
  HWY_INLINE void clear() {
    HWY_UNROLL(16)
    for (size_t r = 0; r < kRows; ++r) {
      HWY_UNROLL(8)
      for (size_t v = 0; v < kVectors; ++v) at[r][v] = hn::Zero(WordTag());
    }
  }
  // Adds to what `to` holds where kAdd.
  template <bool kAdd>
  HWY_INLINE void write(Counts& to) {
    const WordTag d;
    HWY_UNROLL(16)
    for (size_t r = 0; r < kRows; ++r) {
      HWY_UNROLL(8)
      for (size_t v = 0; v < kVectors; ++v) {
        Words sum = widened(at[r][v]);
        if (kAdd) sum = hn::Add(sum, hn::Load(d, to.at[r] + v * kLanes));
        hn::Store(sum, d, to.at[r] + v * kLanes);
      }
    }
  }
  // Pieces [first, last) of one tap.
  HWY_INLINE void add(const uint64_t* const* rows, const uint32_t* HWY_RESTRICT weights, size_t first,
                      size_t last) {
    const WordTag d;
    for (size_t i = first; i < last; ++i) {
      Words w[kVectors];
      HWY_UNROLL(8)
      for (size_t v = 0; v < kVectors; ++v) w[v] = hn::Load(d, weights + i * kPanelWidth + v * kLanes);
      HWY_UNROLL(16)
      for (size_t r = 0; r < kRows; ++r) {
        const Words x = hn::Set(d, piece_at(rows[r], i));
        HWY_UNROLL(8)
        for (size_t v = 0; v < kVectors; ++v) at[r][v] = add_bits(at[r][v], hn::Xor(x, w[v]));
      }
    }
  }
};

// Whether sums must be widened before they overflow.
inline constexpr bool kWidens = kMost != SIZE_MAX;

template <size_t kRows, size_t kVectors>
HWY_NOINLINE void count_tile(const Tile& tile, const uint32_t* HWY_RESTRICT strip, Counts& counts) {
  TileSums<kRows, kVectors> sums;
  sums.clear();
  if (kWidens) sums.template write<false>(counts);
  const size_t taps = tile.table.taps(), step = tile.table.step(), pieces = tile.pieces;
  const uint64_t* const* tap_rows = tile.table.rows() + tile.pixel;
  size_t filled = 0;
  for (size_t tap = 0; tap < taps; ++tap, tap_rows += step, strip += pieces * kPanelWidth) {
    const uint64_t* rows[kRows];
    HWY_UNROLL(16)
    for (size_t r = 0; r < kRows; ++r) rows[r] = tap_rows[r];
    size_t first = 0;
    for (; kWidens && first + (kMost - filled) <= pieces; filled = 0) {
      const size_t last = first + (kMost - filled);
      sums.add(rows, strip, first, last);
      sums.template write<true>(counts);
      sums.clear();
      first = last;
    }
    sums.add(rows, strip, first, pieces);
    filled += pieces - first;
  }
  sums.template write<kWidens>(counts);
}

using CountFunction = void (*)(const Tile&, const uint32_t*, Counts&);

template <size_t kVectors, size_t... kRows>
CountFunction tile_of(size_t rows, std::index_sequence<kRows...>) {
  static constexpr CountFunction kTiles[] = {count_tile<kRows + 1, kVectors>...};
  return kTiles[rows - 1];
}

inline CountFunction tile_for(size_t rows, size_t columns) {
  constexpr std::make_index_sequence<kCountRows> kRows;
  return columns > kLanes ? tile_of<kTileVectors>(rows, kRows) : tile_of<1>(rows, kRows);
}

}  // namespace count
}  // namespace netsuke::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // include guard, once a target
