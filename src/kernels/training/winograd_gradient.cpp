#include "kernels/training/winograd_gradient.h"

#include "kernels/simd.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/training/winograd_gradient.cpp"
#include <hwy/foreach_target.h>
// Must come after foreach_target.h.
#include "kernels/training/outer-inl.h"
#include "kernels/winograd/input-inl.h"

HWY_BEFORE_NAMESPACE();
namespace netsuke::kernels::HWY_NAMESPACE {
namespace {  // names of this file only: other files have theirs in the same HWY_NAMESPACE

using winograd_input::V;

constexpr size_t kTile = kGradientTile, kSide = kTile + 2;
using Matrices = WinogradMatrices<kTile>;

// Row kPlace of A x.
template <size_t kPlace, size_t kAt = 0>
HWY_INLINE V spread_place(const V* x) {
  constexpr float factor = Matrices::output[kAt][kPlace];
  if constexpr (kAt + 1 == kTile) {
    if constexpr (factor == 0) return hn::Zero(FloatTag());
    return hn::Mul(hn::Set(FloatTag(), factor), x[kAt]);
  } else {
    const V rest = spread_place<kPlace, kAt + 1>(x);
    if constexpr (factor == 0) return rest;
    return hn::MulAdd(hn::Set(FloatTag(), factor), x[kAt], rest);
  }
}

// out = A x.
template <size_t kPlace = 0>
HWY_INLINE void spread(const V* x, V* out) {
  if constexpr (kPlace < kSide) {
    out[kPlace] = spread_place<kPlace>(x);
    spread<kPlace + 1>(x, out);
  }
}

// A dY A^T of a tile, of columns from `column` on: place p goes to to[p * place_step].
void spread_tile(const ConvShape& s, const float* dy, size_t tile, size_t columns, float* to,
                 size_t place_step) {
  const size_t across = (s.out_width + kTile - 1) / kTile, down = (s.out_height + kTile - 1) / kTile;
  const size_t top = tile / across % down * kTile, left = tile % across * kTile;
  const size_t height = std::min(kTile, s.out_height - top), width = std::min(kTile, s.out_width - left);
  const float* corner =
      dy + ((tile / (across * down) * s.out_height + top) * s.out_width + left) * s.out_channels;
  const FloatTag d;
  for (size_t c = 0; c < columns; c += kLanes) {
    V rows[kTile][kSide];  // of A dY, transposed
    HWY_UNROLL(8)
    for (size_t x = 0; x < kTile; ++x) {
      V column[kTile];
      HWY_UNROLL(8)
      for (size_t y = 0; y < kTile; ++y)
        column[y] = y < height && x < width
                        ? hn::LoadU(d, corner + (y * s.out_width + x) * s.out_channels + c)
                        : hn::Zero(d);
      spread(column, rows[x]);
    }
    HWY_UNROLL(8)
    for (size_t y = 0; y < kSide; ++y) {
      V row[kTile], out[kSide];
      HWY_UNROLL(8)
      for (size_t x = 0; x < kTile; ++x) row[x] = rows[x][y];
      spread(row, out);
      HWY_UNROLL(8)
      for (size_t x = 0; x < kSide; ++x) hn::StoreU(out[x], d, to + (y * kSide + x) * place_step + c);
    }
  }
}

void run(const ConvShape& s, const float* x, const float* dy, size_t images, float* sums, size_t first_panel,
         size_t last_panel, size_t block, float* scratch) {
  if (NETSUKE_NEVER_RUNS) return;
  const size_t tiles = images * winograd_tiles(s, kTile), inputs = s.channels, outputs = s.out_channels;
  float* const zeros = scratch;
  std::fill_n(zeros, inputs, 0.0f);
  float* const in = zeros + inputs;
  float* const panels = in + kGradientPlaces * block * inputs;
  for (size_t first = 0; first < tiles; first += block) {
    const size_t count = std::min(block, tiles - first);
    for (size_t t = 0; t < count; ++t)
      winograd_input::transform<kTile>(s, x, inputs, zeros, first + t, in + t * inputs, count * inputs);
    for (size_t panel = first_panel; panel < last_panel; ++panel) {
      const size_t column = panel * kPanelWidth, columns = std::min(kPanelWidth, outputs - column);
      for (size_t t = 0; t < count; ++t)
        spread_tile(s, dy + column, first + t, columns, panels + t * kPanelWidth, count * kPanelWidth);
      for (size_t place = 0; place < kGradientPlaces; ++place) {
        outer::add_products(
            {in + place * count * inputs, inputs, panels + place * count * kPanelWidth, count}, inputs,
            columns, sums + place * inputs * outputs + column, outputs);
      }
    }
  }
}

}  // namespace
}  // namespace netsuke::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace netsuke::kernels {
namespace {

HWY_EXPORT(run);

// Tiles whose transformed inputs stay in the caches.
size_t tiles_at_once(const ConvShape& s) {
  constexpr size_t kFloats = 192 * 1024, kLeast = 12, kMost = 96;
  return std::clamp(kFloats / (kGradientPlaces * s.channels), kLeast, kMost);
}

}  // namespace

size_t winograd_gradient_scratch(const ConvShape& s) {
  return s.channels + kGradientPlaces * tiles_at_once(s) * (s.channels + panel_columns());
}

void winograd_gradient(const ConvShape& s, const float* x, const float* dy, size_t images, float* sums,
                       size_t first_panel, size_t last_panel, float* scratch) {
  HWY_DYNAMIC_DISPATCH(run)(s, x, dy, images, sums, first_panel, last_panel, tiles_at_once(s), scratch);
}

void winograd_gradient_weights(const ConvShape& s, const float* sums, size_t first, size_t last,
                               float* gradient) {
  constexpr auto& matrix = WinogradMatrices<kGradientTile>::filter;
  constexpr size_t kSide = kGradientTile + 2, kMost = 256;
  const size_t count = s.channels * s.out_channels, end = last * s.out_channels;
  // to = the column `at` of the matrix times the rows of `from`, which lie `step` apart.
  const auto combine = [](size_t at, const float* from, size_t step, size_t values, float* to) {
    std::fill_n(to, values, 0.0f);
    for (size_t i = 0; i < kSide; ++i) {
      const auto factor = static_cast<float>(matrix[i][at]);
      if (factor == 0) continue;
      for (size_t v = 0; v < values; ++v) to[v] += factor * from[i * step + v];
    }
  };
  float half[kSide * kMost];  // a row of G^T m, column by column
  for (size_t begin = first * s.out_channels; begin < end; begin += kMost) {
    const size_t values = std::min(kMost, end - begin);
    for (size_t y = 0; y < 3; ++y) {
      for (size_t x = 0; x < kSide; ++x)
        combine(y, sums + x * count + begin, kSide * count, values, half + x * kMost);
      for (size_t x = 0; x < 3; ++x) combine(x, half, kMost, values, gradient + (y * 3 + x) * count + begin);
    }
  }
}

}  // namespace netsuke::kernels
#endif  // HWY_ONCE
