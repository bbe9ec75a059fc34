// The heart of the float kernels, compiled once for each instruction set by those who include it: a tile of C
// held in registers.
//
// B is read in panels of kPanelWidth columns. A panel's block of rows stays in the first-level cache while
// all rows of A pass by; A is read where it is, up to kTileRows rows at a time, one float of each a step.

#if defined(NETSUKE_KERNELS_GEMM_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef NETSUKE_KERNELS_GEMM_INL_H_
#undef NETSUKE_KERNELS_GEMM_INL_H_
#else
#define NETSUKE_KERNELS_GEMM_INL_H_
#endif

#include <hwy/cache_control.h>
#include <hwy/highway.h>

#include <algorithm>
#include <cstddef>
#include <utility>

#include "kernels/clamp-inl.h"
#include "kernels/gemm/gemm.h"

HWY_BEFORE_NAMESPACE();
namespace netsuke::kernels::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using FloatTag = hn::ScalableTag<float>;
inline constexpr size_t kLanes = hn::MaxLanes(FloatTag());

// A tile is kTileRows x kTileVectors registers: its sums, a row of B and one value of A are what 32 registers
// hold, or 16. Long vectors make wide tiles already, so there the rows are more. All keep the multiply-add
// units busy and load B rarely enough.
#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3
inline constexpr size_t kTileRows = 12, kTileVectors = 2;
#elif HWY_ARCH_ARM_A64
inline constexpr size_t kTileRows = 6, kTileVectors = 4;
#else
inline constexpr size_t kTileRows = 6, kTileVectors = 2;
#endif
inline constexpr size_t kPanelWidth = kTileVectors * kLanes;

// A block of a panel takes half of a first-level cache of 32 KB, the other half is for A and C. Processors
// with AVX-512 have caches of 48 KB as a rule, and there a block that goes twice as deep is faster.
#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3
inline constexpr size_t kBlockFloats = 8192;
#else
inline constexpr size_t kBlockFloats = 4096;
#endif
inline constexpr size_t kBlockDepth = kBlockFloats / kPanelWidth;

// Which part of k a pass sums up: some whole pieces of A's rows, or a part of one.
struct Block {
  size_t first_piece = 0, pieces = 0;
  size_t offset = 0, length = 0;  // within each piece
  bool first = false;             // C is set, else added to
  bool last = false;              // the result is finished
};

// Where a tile's sums go. `add` is null but in the last block.
struct Target {
  float* c = nullptr;
  size_t c_stride = 0;
  const float* add = nullptr;
  size_t add_stride = 0;
  const float* bias = nullptr;
  Clamp clamp;
  size_t last_lanes = kLanes;  // of the last vector: what lies right of B's edge is not C
};

// AVX2 and AVX-512 leave out lanes at no risk of a fault.
inline constexpr bool kMasksMemory = HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX2;

// The first `count` lanes of a vector, in memory that ends or is another's behind them.
HWY_INLINE hn::Vec<FloatTag> load_first(FloatTag d, const float* from, size_t count) {
  if (count == kLanes) return hn::LoadU(d, from);
  if constexpr (kMasksMemory) return hn::MaskedLoad(hn::FirstN(d, count), d, from);
  HWY_ALIGN float lanes[kLanes] = {};
  std::copy_n(from, count, lanes);
  return hn::Load(d, lanes);
}

HWY_INLINE void store_first(hn::Vec<FloatTag> v, FloatTag d, float* to, size_t count) {
  if (count == kLanes) return hn::StoreU(v, d, to);
  if constexpr (kMasksMemory) return hn::BlendedStore(v, hn::FirstN(d, count), d, to);
  HWY_ALIGN float lanes[kLanes];
  hn::Store(v, d, lanes);
  std::copy_n(lanes, count, to);
}

// How far ahead of its use B is prefetched, in floats: where it comes from memory nothing else is waited for.
inline constexpr size_t kAhead = 1536;
inline constexpr size_t kLineFloats = kCacheLine / sizeof(float);

// Sums of kRows rows with one block of one panel, kVectors vectors wide.
template <size_t kRows, size_t kVectors>
struct Sums {
  hn::Vec<FloatTag> at[kRows][kVectors];

  // Not the compiler's own, which g++ would build without the instruction set that surrounds it.
  HWY_INLINE Sums() {}

  HWY_INLINE void compute(const float* const* a, size_t a_step, const float* HWY_RESTRICT panel,
                          const Block& block) {
    const FloatTag d;
    HWY_UNROLL(16)
    for (size_t r = 0; r < kRows; ++r) {
      HWY_UNROLL(8)
      for (size_t v = 0; v < kVectors; ++v) at[r][v] = hn::Zero(d);
    }
    for (size_t piece = 0; piece < block.pieces; ++piece) {
      const float* const* rows = a + (block.first_piece + piece) * a_step;
      const float* HWY_RESTRICT row[kRows];
      HWY_UNROLL(16)
      for (size_t r = 0; r < kRows; ++r) row[r] = rows[r] + block.offset;
      for (size_t i = 0; i < block.length; ++i, panel += kPanelWidth) {
        hn::Vec<FloatTag> b[kVectors];
        HWY_UNROLL(8)
        for (size_t v = 0; v < kPanelWidth; v += kLineFloats) hwy::Prefetch(panel + kAhead + v);
        HWY_UNROLL(8)
        for (size_t v = 0; v < kVectors; ++v) b[v] = hn::Load(d, panel + v * kLanes);
        HWY_UNROLL(16)
        for (size_t r = 0; r < kRows; ++r) {
          const hn::Vec<FloatTag> x = hn::Set(d, row[r][i]);
          HWY_UNROLL(8)
          for (size_t v = 0; v < kVectors; ++v) at[r][v] = hn::MulAdd(x, b[v], at[r][v]);
        }
      }
    }
  }
};

// Adds the vectors at `from`, rows `stride` apart, to sums.
template <size_t kRows, size_t kVectors>
HWY_INLINE void add_rows(Sums<kRows, kVectors>& sums, const float* from, size_t stride, size_t last_lanes) {
  HWY_UNROLL(16)
  for (size_t r = 0; r < kRows; ++r) {
    HWY_UNROLL(8)
    for (size_t v = 0; v < kVectors; ++v)
      sums.at[r][v] = hn::Add(sums.at[r][v], load_first(FloatTag(), from + r * stride + v * kLanes,
                                                        v + 1 < kVectors ? kLanes : last_lanes));
  }
}

// Makes C of the sums: what blocks before gave, and behind the last one bias, addition and limits.
template <size_t kRows, size_t kVectors>
HWY_INLINE void finish(Sums<kRows, kVectors>& sums, const Block& block, const Target& to) {
  const FloatTag d;
  if (!block.first) add_rows(sums, to.c, to.c_stride, to.last_lanes);
  if (block.last) {
    hn::Vec<FloatTag> bias[kVectors];
    HWY_UNROLL(8)
    for (size_t v = 0; v < kVectors; ++v) bias[v] = hn::Load(d, to.bias + v * kLanes);
    HWY_UNROLL(16)
    for (size_t r = 0; r < kRows; ++r) {
      HWY_UNROLL(8)
      for (size_t v = 0; v < kVectors; ++v) sums.at[r][v] = hn::Add(sums.at[r][v], bias[v]);
    }
    if (to.add) add_rows(sums, to.add, to.add_stride, to.last_lanes);
  }
  const Clamp clamp = block.last ? to.clamp : Clamp{};
  const auto low = hn::Set(d, clamp.low), high = hn::Set(d, clamp.high);
  HWY_UNROLL(16)
  for (size_t r = 0; r < kRows; ++r) {
    HWY_UNROLL(8)
    for (size_t v = 0; v < kVectors; ++v)
      store_first(limited(sums.at[r][v], low, high), d, to.c + r * to.c_stride + v * kLanes,
                  v + 1 < kVectors ? kLanes : to.last_lanes);
  }
}

template <size_t kRows, size_t kVectors>
HWY_NOINLINE void tile(const float* const* a, size_t a_step, const float* HWY_RESTRICT panel,
                       const Block& block, const Target& to) {
  Sums<kRows, kVectors> sums;
  sums.compute(a, a_step, panel, block);
  finish(sums, block, to);
}

using TileFunction = void (*)(const float* const*, size_t, const float*, const Block&, const Target&);

template <size_t kVectors, size_t... kRows>
TileFunction tile_of(size_t rows, std::index_sequence<kRows...>) {
  static constexpr TileFunction kTiles[] = {tile<kRows + 1, kVectors>...};
  return kTiles[rows - 1];
}

// The tile for `rows` rows that covers `columns` columns with the fewest vectors.
inline TileFunction tile_for(size_t rows, size_t columns) {
  constexpr std::make_index_sequence<kTileRows> kRows;
  const size_t vectors = (columns + kLanes - 1) / kLanes;
  if constexpr (kTileVectors == 4) {
    if (vectors == 4) return tile_of<4>(rows, kRows);
    if (vectors == 3) return tile_of<3>(rows, kRows);
  }
  return vectors == 2 ? tile_of<2>(rows, kRows) : tile_of<1>(rows, kRows);
}

// All rows of A with one block of one panel. The rows are shared out evenly, so that no tile is left with one
// row only: such a one takes as long as four.
inline void panel_product(const Product& p, const float* panel, const Block& block, Target to,
                          size_t columns) {
  const size_t tiles = (p.m + kTileRows - 1) / kTileRows;
  float* const c = to.c;
  const float* const add = to.add;
  to.last_lanes = (columns - 1) % kLanes + 1;
  for (size_t t = 0; t < tiles; ++t) {
    const size_t row = p.m * t / tiles, rows = p.m * (t + 1) / tiles - row;
    to.c = c + row * to.c_stride;
    if (add) to.add = add + row * to.add_stride;
    tile_for(rows, columns)(p.a + row, p.a_step, panel, block, to);
  }
}

// Calls body(block, depth_before) for the blocks of k, in order.
template <class Body>
void each_block(const Product& p, Body&& body) {
  if (p.length > kBlockDepth) {
    const size_t parts = (p.length + kBlockDepth - 1) / kBlockDepth;
    for (size_t piece = 0; piece < p.pieces; ++piece) {
      for (size_t part = 0; part < parts; ++part) {
        const size_t from = p.length * part / parts, to = p.length * (part + 1) / parts;
        const bool first = piece + part == 0, last = piece + 1 == p.pieces && part + 1 == parts;
        body(Block{piece, 1, p.a_offset + from, to - from, first, last}, piece * p.length + from);
      }
    }
    return;
  }
  const size_t most = p.length ? kBlockDepth / p.length : p.pieces;
  for (size_t piece = 0; piece < p.pieces; piece += most) {
    const size_t pieces = std::min(most, p.pieces - piece);
    body(Block{piece, pieces, p.a_offset, p.length, piece == 0, piece + pieces == p.pieces},
         piece * p.length);
  }
}

// What stands in the panels from the `start`-th value on, where they hold floats.
struct Floats {
  static constexpr bool kDecodes = false;

  const float* values;

  HWY_INLINE Floats(const Panels& b, size_t start) : values(b.values.data() + start) {}
  HWY_INLINE hn::Vec<FloatTag> at(size_t i) const { return hn::Load(FloatTag(), values + i); }
  HWY_INLINE const float* block(size_t, float*) const { return values; }
};

// One block of one panel.
template <class Values>
void block_product(const Product& p, const Block& block, size_t before, size_t panel) {
  const Panels& b = *p.b;
  const size_t column = panel * kPanelWidth;
  const float* add = block.last && p.add ? p.add + column : nullptr;
  HWY_ALIGN float buffer[Values::kDecodes ? kBlockFloats : kLanes];
  const Values values(b, p.b_offset + column * b.k + before * kPanelWidth);
  panel_product(p, values.block(block.pieces * block.length * kPanelWidth, buffer), block,
                {p.c + column, p.c_stride, add, p.add_stride, b.bias.data() + column, p.clamp, kLanes},
                std::min(kPanelWidth, b.n - column));
}

// A of so many floats stays in the second-level cache whole.
inline constexpr size_t kKeptFloats = size_t{64} * 1024;

/// The columns of panels [first_panel, last_panel). Where A is small B is read as it lies, which is as fast
/// as memory gives it; else all panels for one stretch of k, which A's rows keep in the second-level cache,
/// before the next.
template <class Values = Floats>
void product(const Product& p, size_t first_panel, size_t last_panel) {
  if (p.m * p.b->k <= kKeptFloats) {
    for (size_t panel = first_panel; panel < last_panel; ++panel)
      each_block(p,
                 [&](const Block& block, size_t before) { block_product<Values>(p, block, before, panel); });
    return;
  }
  each_block(p, [&](const Block& block, size_t before) {
    for (size_t panel = first_panel; panel < last_panel; ++panel)
      block_product<Values>(p, block, before, panel);
  });
}

}  // namespace netsuke::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // include guard, once a target
