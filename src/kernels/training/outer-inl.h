// Products of what neighbouring pixels hold, summed over the pixels: x^T y, where both lie pixel after pixel.
// The matrix product of kernels/gemm reads its A along k; this one reads it across, so that nothing is
// transposed.

#if defined(NETSUKE_KERNELS_TRAINING_OUTER_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef NETSUKE_KERNELS_TRAINING_OUTER_INL_H_
#undef NETSUKE_KERNELS_TRAINING_OUTER_INL_H_
#else
#define NETSUKE_KERNELS_TRAINING_OUTER_INL_H_
#endif

#include <span>

#include "kernels/gemm/gemm-inl.h"
#include "kernels/training/pixel_run.h"

HWY_BEFORE_NAMESPACE();
namespace netsuke::kernels::HWY_NAMESPACE::outer {

/// Adds to c, [kRows][columns], what kRows channels of x and a panel of y give.
template <size_t kRows, size_t kVectors>
HWY_NOINLINE void add_tile(std::span<const PixelRun> runs, size_t step, size_t channel, const float* panel,
                           size_t columns, float* c, size_t c_stride) {
  const FloatTag d;
  Sums<kRows, kVectors> sums;
  HWY_UNROLL(16)
  for (size_t r = 0; r < kRows; ++r) {
    HWY_UNROLL(8)
    for (size_t v = 0; v < kVectors; ++v) sums.at[r][v] = hn::Zero(d);
  }
  for (const PixelRun& run : runs) {
    const float* HWY_RESTRICT x = run.x + channel;
    const float* HWY_RESTRICT y = panel + run.first * kPanelWidth;
    for (size_t i = 0; i < run.count; ++i, x += step, y += kPanelWidth) {
      hn::Vec<FloatTag> b[kVectors];
      HWY_UNROLL(8)
      for (size_t v = 0; v < kVectors; ++v) b[v] = hn::LoadU(d, y + v * kLanes);
      HWY_UNROLL(16)
      for (size_t r = 0; r < kRows; ++r) {
        const hn::Vec<FloatTag> a = hn::Set(d, x[r]);
        HWY_UNROLL(8)
        for (size_t v = 0; v < kVectors; ++v) sums.at[r][v] = hn::MulAdd(a, b[v], sums.at[r][v]);
      }
    }
  }
  const size_t last_lanes = (columns - 1) % kLanes + 1;
  add_rows(sums, c, c_stride, last_lanes);
  HWY_UNROLL(16)
  for (size_t r = 0; r < kRows; ++r) {
    HWY_UNROLL(8)
    for (size_t v = 0; v < kVectors; ++v)
      store_first(sums.at[r][v], d, c + r * c_stride + v * kLanes, v + 1 < kVectors ? kLanes : last_lanes);
  }
}

using AddTile = void (*)(std::span<const PixelRun>, size_t, size_t, const float*, size_t, float*, size_t);

template <size_t kVectors, size_t... kRows>
AddTile tile_of(size_t rows, std::index_sequence<kRows...>) {
  static constexpr AddTile kTiles[] = {add_tile<kRows + 1, kVectors>...};
  return kTiles[rows - 1];
}

/// The tile for `rows` channels and so many columns.
template <size_t kVectors = kTileVectors>
AddTile tile_for(size_t rows, size_t columns) {
  if constexpr (kVectors > 1)
    if (columns <= (kVectors - 1) * kLanes) return tile_for<kVectors - 1>(rows, columns);
  return tile_of<kVectors>(rows, std::make_index_sequence<kTileRows>());
}

/// c[channel][column] += x[pixel][channel] y[pixel][column], over all pixels of the runs, whose
/// neighbours in x are `step` floats apart. y is a panel, [pixel][kPanelWidth], of which `columns` are c's.
inline void add_products(std::span<const PixelRun> runs, size_t step, size_t channels, const float* panel,
                         size_t columns, float* c, size_t c_stride) {
  const size_t tiles = (channels + kTileRows - 1) / kTileRows;
  for (size_t t = 0; t < tiles; ++t) {
    const size_t channel = channels * t / tiles, rows = channels * (t + 1) / tiles - channel;
    tile_for(rows, columns)(runs, step, channel, panel, columns, c + channel * c_stride, c_stride);
  }
}

/// `pixels` rows of `count` floats, `stride` apart, as a panel: zeros fill it up on the right.
inline void fill_panel(const float* rows, size_t stride, size_t pixels, size_t count, float* panel) {
  for (size_t i = 0; i < pixels; ++i, rows += stride, panel += kPanelWidth) {
    for (size_t v = 0; v < kTileVectors; ++v) {
      const size_t at = v * kLanes;
      const FloatTag d;
      const auto values = at >= count ? hn::Zero(d) : load_first(d, rows + at, std::min(kLanes, count - at));
      hn::StoreU(values, d, panel + at);
    }
  }
}

}  // namespace netsuke::kernels::HWY_NAMESPACE::outer
HWY_AFTER_NAMESPACE();

#endif  // include guard, once a target
