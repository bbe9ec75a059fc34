// Products of what neighbouring pixels hold, summed over the pixels: x^T y, where both lie pixel after pixel.
// The matrix product of kernels/gemm reads its A along k; this one reads it across, so that nothing is
// transposed.

#if defined(NETSUKE_KERNELS_TRAINING_OUTER_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef NETSUKE_KERNELS_TRAINING_OUTER_INL_H_
#undef NETSUKE_KERNELS_TRAINING_OUTER_INL_H_
#else
#define NETSUKE_KERNELS_TRAINING_OUTER_INL_H_
#endif

#include "kernels/gemm/gemm-inl.h"

HWY_BEFORE_NAMESPACE();
namespace netsuke::kernels::HWY_NAMESPACE::outer {

/// x and y of neighbouring pixels.
struct Pixels {
  const float* x;
  size_t x_step;   ///< floats from one to the next
  const float* y;  ///< a panel, [pixel][kPanelWidth]
  size_t count;
};

/// Adds to c, [kRows][columns], what kRows channels of x and the columns of y give.
template <size_t kRows, size_t kVectors>
HWY_NOINLINE void add_tile(const Pixels& pixels, size_t channel, size_t columns, float* c, size_t c_stride) {
  const FloatTag d;
  Sums<kRows, kVectors> sums;
  HWY_UNROLL(16)
  for (size_t r = 0; r < kRows; ++r) {
    HWY_UNROLL(8)
    for (size_t v = 0; v < kVectors; ++v) sums.at[r][v] = hn::Zero(d);
  }
  const float* HWY_RESTRICT x = pixels.x + channel;
  const float* HWY_RESTRICT y = pixels.y;
  for (size_t i = 0; i < pixels.count; ++i, x += pixels.x_step, y += kPanelWidth) {
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
  const size_t last_lanes = (columns - 1) % kLanes + 1;
  add_rows(sums, c, c_stride, last_lanes);
  HWY_UNROLL(16)
  for (size_t r = 0; r < kRows; ++r) {
    HWY_UNROLL(8)
    for (size_t v = 0; v < kVectors; ++v)
      store_first(sums.at[r][v], d, c + r * c_stride + v * kLanes, v + 1 < kVectors ? kLanes : last_lanes);
  }
}

using AddTile = void (*)(const Pixels&, size_t, size_t, float*, size_t);

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

/// c[channel][column] += x[pixel][channel] y[pixel][column], over all pixels.
inline void add_products(const Pixels& pixels, size_t channels, size_t columns, float* c, size_t c_stride) {
  const size_t tiles = (channels + kTileRows - 1) / kTileRows;
  for (size_t t = 0; t < tiles; ++t) {
    const size_t channel = channels * t / tiles, rows = channels * (t + 1) / tiles - channel;
    tile_for(rows, columns)(pixels, channel, columns, c + channel * c_stride, c_stride);
  }
}

/// `pixels` rows of `count` floats, `stride` apart, as a panel: zeros fill it up on the right.
inline void fill_panel(const float* rows, size_t stride, size_t pixels, size_t count, float* panel) {
  const FloatTag d;
  for (size_t i = 0; i < pixels; ++i, rows += stride, panel += kPanelWidth) {
    size_t at = 0;
    for (; at + kLanes <= count; at += kLanes) hn::StoreU(hn::LoadU(d, rows + at), d, panel + at);
    for (; at < count; ++at) panel[at] = rows[at];
    for (; at < kPanelWidth; ++at) panel[at] = 0;
  }
}

}  // namespace netsuke::kernels::HWY_NAMESPACE::outer
HWY_AFTER_NAMESPACE();

#endif  // include guard, once a target
