// The heart of the float kernels, compiled once for each instruction set by those who include it: a tile of C
// held in registers, and the loops that walk over all tiles.
//
// B is read in panels of kPanelWidth columns. A panel's block of rows fits the first-level cache and stays
// there while all rows of A pass by; A is read where it is, six rows at a time, one float of each a step.

#if defined(NETSUKE_KERNELS_GEMM_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef NETSUKE_KERNELS_GEMM_INL_H_
#undef NETSUKE_KERNELS_GEMM_INL_H_
#else
#define NETSUKE_KERNELS_GEMM_INL_H_
#endif

#include <hwy/highway.h>

#include <algorithm>
#include <cstddef>

#include "kernels/aligned.h"
#include "kernels/clamp.h"

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

// A block of a panel takes 32 KB: most first-level caches have 32 or 48.
inline constexpr size_t kBlockFloats = 8192;
inline constexpr size_t kBlockDepth = kBlockFloats / kPanelWidth;

/// How sums become results: bias is added and limits applied once the last block of k has been summed.
struct Finish {
  const float* row_bias = nullptr;
  const float* column_bias = nullptr;  // readable up to a whole number of panels
  Clamp clamp;
};

/// Where in k a block lies.
struct Block {
  size_t start = 0;
  size_t depth = 0;
  bool first = false;  // C is set, else added to
  bool last = false;   // the result is finished
};

// One tile: c[kRows, kVectors * kLanes] (+)= a[kRows, depth] * panel[depth, kPanelWidth].
template <size_t kRows, size_t kVectors>
HWY_NOINLINE void tile(const float* HWY_RESTRICT a, size_t a_stride, const float* HWY_RESTRICT panel,
                       const Block& block, float* HWY_RESTRICT c, size_t c_stride, const Finish& finish) {
  const FloatTag d;
  using V = hn::Vec<FloatTag>;
  V sum[kRows][kVectors];
  HWY_UNROLL(8)
  for (size_t r = 0; r < kRows; ++r) {
    HWY_UNROLL(8)
    for (size_t v = 0; v < kVectors; ++v) sum[r][v] = hn::Zero(d);
  }
  for (size_t i = 0; i < block.depth; ++i) {
    V b[kVectors];
    HWY_UNROLL(8)
    for (size_t v = 0; v < kVectors; ++v) b[v] = hn::Load(d, panel + i * kPanelWidth + v * kLanes);
    HWY_UNROLL(8)
    for (size_t r = 0; r < kRows; ++r) {
      const V x = hn::Set(d, a[r * a_stride + i]);
      HWY_UNROLL(8)
      for (size_t v = 0; v < kVectors; ++v) sum[r][v] = hn::MulAdd(x, b[v], sum[r][v]);
    }
  }
  const V low = hn::Set(d, finish.clamp.low), high = hn::Set(d, finish.clamp.high);
  HWY_UNROLL(8)
  for (size_t r = 0; r < kRows; ++r) {
    const V row_bias = hn::Set(d, finish.row_bias ? finish.row_bias[r] : 0.0f);
    HWY_UNROLL(8)
    for (size_t v = 0; v < kVectors; ++v) {
      float* HWY_RESTRICT to = c + r * c_stride + v * kLanes;
      V value = sum[r][v];
      if (!block.first) value = hn::Add(value, hn::LoadU(d, to));
      if (block.last) {
        value = hn::Add(value, row_bias);
        if (finish.column_bias) value = hn::Add(value, hn::LoadU(d, finish.column_bias + v * kLanes));
        value = hn::Min(hn::Max(value, low), high);
      }
      hn::StoreU(value, d, to);
    }
  }
}

using TileFunction = void (*)(const float*, size_t, const float*, const Block&, float*, size_t,
                              const Finish&);

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

// All rows of A against one block of a panel of which `columns` columns are real.
inline void panel_product(size_t m, const float* a, size_t a_stride, const float* panel, const Block& block,
                          float* c, size_t c_stride, size_t columns, Finish finish) {
  alignas(kCacheLine) float edge[kTileRows * kPanelWidth];
  const bool whole = columns % kLanes == 0;
  for (size_t row = 0; row < m; row += kTileRows) {
    const size_t rows = std::min(kTileRows, m - row);
    const float* from = a + row * a_stride + block.start;
    float* to = c + row * c_stride;
    const TileFunction run = tile_for(rows, columns);
    if (whole) {
      run(from, a_stride, panel, block, to, c_stride, finish);
    } else {
      // The tile writes whole vectors: beside the matrix's right edge it works on a copy.
      if (!block.first)
        for (size_t r = 0; r < rows; ++r) std::copy_n(to + r * c_stride, columns, edge + r * kPanelWidth);
      run(from, a_stride, panel, block, edge, kPanelWidth, finish);
      for (size_t r = 0; r < rows; ++r) std::copy_n(edge + r * kPanelWidth, columns, to + r * c_stride);
    }
    if (finish.row_bias) finish.row_bias += rows;
  }
}

/// C[m, first_column..last_column) of a product whose B comes from `panels`: panels(block, column, columns)
/// returns the block's rows for `columns` columns from `column` on, kPanelWidth apart. first_column is a
/// multiple of kPanelWidth.
template <class PanelSource>
void product(size_t m, size_t k, const float* a, size_t a_stride, float* c, size_t c_stride,
             size_t first_column, size_t last_column, const Finish& finish, PanelSource& panels) {
  size_t start = 0;
  do {  // once even if k is 0: the result is then the bias
    const size_t depth = std::min(kBlockDepth, k - start);
    const Block block{start, depth, start == 0, start + depth == k};
    for (size_t column = first_column; column < last_column; column += kPanelWidth) {
      const size_t columns = std::min(kPanelWidth, last_column - column);
      const float* panel = panels(block, column, columns);
      Finish here = finish;
      if (here.column_bias) here.column_bias += column;
      panel_product(m, a, a_stride, panel, block, c + column, c_stride, columns, here);
    }
    start += depth;
  } while (start < k);
}

}  // namespace netsuke::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // include guard, once a target
