// The heart of the float kernels, compiled once for each instruction set by those who include it: a tile of C
// held in registers.
//
// B is read in panels of kPanelWidth columns. A panel's block of rows stays in the first-level cache while
// all rows of A pass by; A is read where it is, up to six rows at a time, one float of each a step.

#if defined(NETSUKE_KERNELS_GEMM_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef NETSUKE_KERNELS_GEMM_INL_H_
#undef NETSUKE_KERNELS_GEMM_INL_H_
#else
#define NETSUKE_KERNELS_GEMM_INL_H_
#endif

#include <hwy/highway.h>

#include <algorithm>
#include <cstddef>

#include "kernels/gemm/gemm.h"

HWY_BEFORE_NAMESPACE();
namespace netsuke::kernels::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using FloatTag = hn::ScalableTag<float>;
inline constexpr size_t kLanes = hn::MaxLanes(FloatTag());

// A tile is kTileRows x kTileVectors registers. With 32 registers 6 x 4 sums, 4 of B and one of A fit; with
// 16, 6 x 2 sums, 2 of B and one of A. Both keep both multiply-add units busy and load B rarely enough.
inline constexpr size_t kTileRows = 6;
#if HWY_ARCH_ARM_A64 || (HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3)
inline constexpr size_t kTileVectors = 4;
#else
inline constexpr size_t kTileVectors = 2;
#endif
inline constexpr size_t kPanelWidth = kTileVectors * kLanes;

// A block of a panel takes 16 KB at most: half of a first-level cache, the other half is for A and C.
inline constexpr size_t kBlockFloats = 4096;
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
};

// Sums of kRows rows with one block of one panel, kVectors vectors wide.
template <size_t kRows, size_t kVectors>
struct Sums {
  hn::Vec<FloatTag> at[kRows][kVectors];

  // Not the compiler's own, which g++ would build without the instruction set that surrounds it.
  HWY_INLINE Sums() {}

  HWY_INLINE void compute(const float* const* a, size_t a_step, const float* HWY_RESTRICT panel,
                          const Block& block) {
    const FloatTag d;
    HWY_UNROLL(8)
    for (size_t r = 0; r < kRows; ++r) {
      HWY_UNROLL(8)
      for (size_t v = 0; v < kVectors; ++v) at[r][v] = hn::Zero(d);
    }
    for (size_t piece = 0; piece < block.pieces; ++piece) {
      const float* const* rows = a + (block.first_piece + piece) * a_step;
      const float* HWY_RESTRICT row[kRows];
      HWY_UNROLL(8)
      for (size_t r = 0; r < kRows; ++r) row[r] = rows[r] + block.offset;
      for (size_t i = 0; i < block.length; ++i, panel += kPanelWidth) {
        hn::Vec<FloatTag> b[kVectors];
        HWY_UNROLL(8)
        for (size_t v = 0; v < kVectors; ++v) b[v] = hn::Load(d, panel + v * kLanes);
        HWY_UNROLL(8)
        for (size_t r = 0; r < kRows; ++r) {
          const hn::Vec<FloatTag> x = hn::Set(d, row[r][i]);
          HWY_UNROLL(8)
          for (size_t v = 0; v < kVectors; ++v) at[r][v] = hn::MulAdd(x, b[v], at[r][v]);
        }
      }
    }
  }
};

// One tile whose columns are whole vectors.
template <size_t kRows, size_t kVectors>
HWY_NOINLINE void tile(const float* const* a, size_t a_step, const float* HWY_RESTRICT panel,
                       const Block& block, const Target& to) {
  const FloatTag d;
  Sums<kRows, kVectors> sums;
  sums.compute(a, a_step, panel, block);
  const auto low = hn::Set(d, to.clamp.low), high = hn::Set(d, to.clamp.high);
  HWY_UNROLL(8)
  for (size_t r = 0; r < kRows; ++r) {
    HWY_UNROLL(8)
    for (size_t v = 0; v < kVectors; ++v) {
      float* c = to.c + r * to.c_stride + v * kLanes;
      auto value = sums.at[r][v];
      if (!block.first) value = hn::Add(value, hn::LoadU(d, c));
      if (block.last) {
        value = hn::Add(value, hn::Load(d, to.bias + v * kLanes));
        if (to.add) value = hn::Add(value, hn::LoadU(d, to.add + r * to.add_stride + v * kLanes));
        value = hn::Min(hn::Max(value, low), high);
      }
      hn::StoreU(value, d, c);
    }
  }
}

using TileFunction = void (*)(const float* const*, size_t, const float*, const Block&, const Target&);

template <size_t kVectors>
TileFunction tile_of(size_t rows) {
  static constexpr TileFunction kTiles[kTileRows] = {tile<1, kVectors>, tile<2, kVectors>, tile<3, kVectors>,
                                                     tile<4, kVectors>, tile<5, kVectors>, tile<6, kVectors>};
  return kTiles[rows - 1];
}

// The tile for `rows` rows that covers `columns` columns with the fewest vectors.
inline TileFunction tile_for(size_t rows, size_t columns) {
  const size_t vectors = (columns + kLanes - 1) / kLanes;
  if constexpr (kTileVectors == 4) {
    if (vectors == 4) return tile_of<4>(rows);
    if (vectors == 3) return tile_of<3>(rows);
  }
  return vectors == 2 ? tile_of<2>(rows) : tile_of<1>(rows);
}

// Beside B's right edge a tile's vectors would write over what lies beside C: they go through a copy.
inline void edge_tile(const float* const* a, size_t a_step, const float* panel, const Block& block,
                      const Target& to, size_t rows, size_t columns) {
  alignas(kCacheLine) float edge[kTileRows * kPanelWidth];
  Block sums_only = block;
  sums_only.first = true, sums_only.last = false;
  tile_for(rows, columns)(a, a_step, panel, sums_only, {edge, kPanelWidth, nullptr, 0, nullptr, {}});
  for (size_t r = 0; r < rows; ++r) {
    float* c = to.c + r * to.c_stride;
    for (size_t i = 0; i < columns; ++i) {
      float value = edge[r * kPanelWidth + i] + (block.first ? 0 : c[i]);
      if (block.last) value = to.clamp(value + to.bias[i] + (to.add ? to.add[r * to.add_stride + i] : 0.0f));
      c[i] = value;
    }
  }
}

// All rows of A with one block of one panel. The rows are shared out evenly, so that no tile is left with one
// row only: such a one takes as long as four.
inline void panel_product(const Product& p, const float* panel, const Block& block, Target to,
                          size_t columns) {
  const size_t tiles = (p.m + kTileRows - 1) / kTileRows;
  float* const c = to.c;
  const float* const add = to.add;
  for (size_t t = 0; t < tiles; ++t) {
    const size_t row = p.m * t / tiles, rows = p.m * (t + 1) / tiles - row;
    to.c = c + row * to.c_stride;
    if (add) to.add = add + row * to.add_stride;
    if (columns % kLanes == 0)
      tile_for(rows, columns)(p.a + row, p.a_step, panel, block, to);
    else
      edge_tile(p.a + row, p.a_step, panel, block, to, rows, columns);
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

/// The columns of panels [first_panel, last_panel): all of them for one stretch of k, which A's rows keep in
/// the second-level cache, before the next.
inline void product(const Product& p, size_t first_panel, size_t last_panel) {
  const Panels& b = *p.b;
  each_block(p, [&](const Block& block, size_t before) {
    for (size_t index = first_panel; index < last_panel; ++index) {
      const size_t column = index * kPanelWidth, columns = std::min(kPanelWidth, b.n - column);
      const float* panel = b.values.data() + column * b.k + before * kPanelWidth;
      const float* add = block.last && p.add ? p.add + column : nullptr;
      panel_product(p, panel, block,
                    {p.c + column, p.c_stride, add, p.add_stride, b.bias.data() + column, p.clamp}, columns);
    }
  });
}

}  // namespace netsuke::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // include guard, once a target
