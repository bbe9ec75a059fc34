#include "kernels/binary/binary_weight_conv.h"

#include <algorithm>

#include "kernels/conv/taps.h"
#include "kernels/simd.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/binary/binary_weight_conv.cpp"
#include <hwy/foreach_target.h>
// Must come after foreach_target.h.
#include "kernels/gemm/gemm-inl.h"

HWY_BEFORE_NAMESPACE();
namespace netsuke::kernels::HWY_NAMESPACE {
namespace {

using WordTag = hn::ScalableTag<uint32_t>;
using Floats = hn::Vec<FloatTag>;
using Words = hn::Vec<WordTag>;

// Where lanes can be left out of an addition (AVX-512) the +1 weights' inputs are added up, and
// sum of +-x = 2 * (sum of x at +1) - (sum of all x). Elsewhere the inputs' sign bits are flipped where the
// weight is -1, which takes an instruction more.
#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3
inline constexpr bool kLeavesOut = true;
inline constexpr size_t kSumRows = 12;
#else
inline constexpr bool kLeavesOut = false;
inline constexpr size_t kSumRows = 4;
#endif

// Sums of kRows pixels for kVectors vectors of outputs. With few rows, each of kChains neighbouring inputs
// has sums of its own, so that additions need not wait for each other.
template <size_t kRows, size_t kVectors, size_t kChains>
struct WeightSums {
  Floats at[kChains][kRows][kVectors];

  HWY_INLINE WeightSums() {
    HWY_UNROLL(8)
    for (size_t k = 0; k < kChains; ++k) {
      HWY_UNROLL(16)
      for (size_t r = 0; r < kRows; ++r) {
        HWY_UNROLL(8)
        for (size_t v = 0; v < kVectors; ++v) at[k][r][v] = hn::Zero(FloatTag());
      }
    }
  }

#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3
  static HWY_INLINE Floats add_where(hn::Mask<FloatTag> positive, Floats sum, Floats x) {
    return Floats{_mm512_mask_add_ps(sum.raw, positive.raw, sum.raw, x.raw)};
  }

  // Input i of each row, times the weights at bit `bit` of the words.
  HWY_INLINE void add_input(const float* const* rows, size_t i, const Words* words, Words bit, size_t chain) {
    hn::Mask<FloatTag> positive[kVectors];
    HWY_UNROLL(8)
    for (size_t v = 0; v < kVectors; ++v)
      positive[v] = hn::RebindMask(FloatTag(), hn::TestBit(words[v], bit));
    HWY_UNROLL(16)
    for (size_t r = 0; r < kRows; ++r) {
      const Floats x = hn::Set(FloatTag(), rows[r][i]);
      HWY_UNROLL(8)
      for (size_t v = 0; v < kVectors; ++v) at[chain][r][v] = add_where(positive[v], at[chain][r][v], x);
    }
  }

  // Inputs [first, last) of each row, times the weights in the lowest bits of the words.
  HWY_INLINE void add(const float* const* rows, size_t first, size_t last, Words* words) {
    const WordTag d;
    Words bit = hn::Set(d, 1u);
    size_t i = first;
    for (; i + kChains <= last; i += kChains) {
      HWY_UNROLL(8)
      for (size_t k = 0; k < kChains; ++k, bit = hn::Add(bit, bit)) add_input(rows, i + k, words, bit, k);
    }
    for (; kChains > 1 && i < last; ++i, bit = hn::Add(bit, bit)) add_input(rows, i, words, bit, 0);
  }
#else
  // Input i of each row, times the weights in the words' highest bits.
  HWY_INLINE void add_input(const float* const* rows, size_t i, Words* words, size_t chain) {
    const WordTag d;
    Floats flips[kVectors];
    HWY_UNROLL(8)
    for (size_t v = 0; v < kVectors; ++v) {
      flips[v] = hn::BitCast(FloatTag(), hn::AndNot(words[v], hn::Set(d, 0x80000000u)));
      words[v] = hn::Add(words[v], words[v]);
    }
    HWY_UNROLL(16)
    for (size_t r = 0; r < kRows; ++r) {
      const Floats x = hn::Set(FloatTag(), rows[r][i]);
      HWY_UNROLL(8)
      for (size_t v = 0; v < kVectors; ++v) at[chain][r][v] = hn::Add(at[chain][r][v], hn::Xor(x, flips[v]));
    }
  }

  // From the last input to the first.
  HWY_INLINE void add(const float* const* rows, size_t first, size_t last, Words* words) {
    HWY_UNROLL(8)
    for (size_t v = 0; v < kVectors; ++v)
      words[v] = hn::ShiftLeftSame(words[v], static_cast<int>(32 - (last - first)));
    size_t i = last;
    for (; i >= first + kChains; i -= kChains) {
      HWY_UNROLL(8)
      for (size_t k = 0; k < kChains; ++k) add_input(rows, i - k - 1, words, k);
    }
    for (; kChains > 1 && i > first; --i) add_input(rows, i - 1, words, 0);
  }
#endif

  HWY_INLINE Floats total(size_t r, size_t v) const {
    Floats sum = at[0][r][v];
    HWY_UNROLL(8)
    for (size_t k = 1; k < kChains; ++k) sum = hn::Add(sum, at[k][r][v]);
    return sum;
  }
};

// What all tiles of a call share.
struct Layer {
  const ConvShape& shape;
  const BinaryWeights& weights;
  const BinaryScale& scale;
  const ImageArguments& image;
  const TapTable<float>& table;
  const float* totals;  // of all that lies under a window, for each pixel of the table
};

// Which pixels of the table, of which the first is output pixel `first`, and which outputs.
struct Tile {
  size_t first, pixel, strip;
};

// Writes the result of one vector of outputs from `column` on.
HWY_INLINE void finish(const Layer& layer, const Tile& tile, size_t row, size_t column, Floats sum) {
  const FloatTag d;
  const ImageArguments& image = layer.image;
  const size_t count = std::min(kLanes, layer.shape.out_channels - column),
               pixel = tile.first + tile.pixel + row;
  if (kLeavesOut) sum = hn::Sub(hn::Add(sum, sum), hn::Set(d, layer.totals[tile.pixel + row]));
  sum = hn::Mul(sum, load_first(d, layer.scale.scale + column, count));
  if (layer.scale.shift) sum = hn::Add(sum, load_first(d, layer.scale.shift + column, count));
  if (image.add) sum = hn::Add(sum, load_first(d, image.add + pixel * image.add_stride + column, count));
  sum = limited(sum, hn::Set(d, image.clamp.low), hn::Set(d, image.clamp.high));
  store_first(sum, d, image.out + pixel * image.out_stride + column, count);
}

template <size_t kRows, size_t kVectors>
HWY_NOINLINE void sum_tile(const Layer& layer, const Tile& tile) {
  // Sums must not depend on how threads share the pixels. Parts are never so small that one row is left of
  // them, but some have tiles of fewer rows than others.
  constexpr size_t kChains = kRows == 1 ? 4 : 1;
  const uint32_t* HWY_RESTRICT weights = layer.weights.strip(tile.strip);
  WeightSums<kRows, kVectors, kChains> sums;
  for (size_t tap = 0; tap < layer.table.taps(); ++tap) {
    const float* rows[kRows];
    HWY_UNROLL(16)
    for (size_t r = 0; r < kRows; ++r)
      rows[r] = layer.table.rows()[tap * layer.table.step() + tile.pixel + r];
    for (size_t c = 0; c < layer.shape.channels; c += 32, weights += kPanelWidth) {
      Words words[kVectors];
      HWY_UNROLL(8)
      for (size_t v = 0; v < kVectors; ++v) words[v] = hn::Load(WordTag(), weights + v * kLanes);
      sums.add(rows, c, std::min(c + 32, layer.shape.channels), words);
    }
  }
  const size_t column = tile.strip * kPanelWidth;
  HWY_UNROLL(16)
  for (size_t r = 0; r < kRows; ++r) {
    HWY_UNROLL(8)
    for (size_t v = 0; v < kVectors; ++v)
      if (v == 0 || column + v * kLanes < layer.shape.out_channels)
        finish(layer, tile, r, column + v * kLanes, sums.total(r, v));
  }
}

using SumFunction = void (*)(const Layer&, const Tile&);

template <size_t kVectors, size_t... kRows>
SumFunction sum_of(size_t rows, std::index_sequence<kRows...>) {
  static constexpr SumFunction kTiles[] = {sum_tile<kRows + 1, kVectors>...};
  return kTiles[rows - 1];
}

SumFunction sum_for(size_t rows, size_t columns) {
  constexpr std::make_index_sequence<kSumRows> kRows;
  return columns > kLanes ? sum_of<kTileVectors>(rows, kRows) : sum_of<1>(rows, kRows);
}

// The sum of all that lies under the window of each pixel of the table.
void add_windows(const TapTable<float>& table, size_t channels, size_t count, float* totals) {
  const FloatTag d;
  for (size_t i = 0; i < count; ++i) {
    Floats sum = hn::Zero(d);
    for (size_t tap = 0; tap < table.taps(); ++tap) {
      const float* pixel = table.rows()[tap * table.step() + i];
      for (size_t c = 0; c < channels; c += kLanes)
        sum = hn::Add(sum, load_first(d, pixel + c, std::min(kLanes, channels - c)));
    }
    totals[i] = hn::GetLane(hn::SumOfLanes(d, sum));
  }
}

void run_binary_weight_conv(const ConvShape& shape, const BinaryWeights& weights, const BinaryScale& scale,
                            const ImageArguments& image, const ConvPart& part, float* scratch) {
  if (NETSUKE_NEVER_RUNS) return;
  TapTable<float> table(shape, {image.in, image.in_stride, weights.no_values.data()}, scratch);
  float totals[kTapPixels];
  const Layer layer{shape, weights, scale, image, table, totals};
  const size_t first_strip = weights.strips_before(part.first_panel),
               last_strip = weights.strips_before(part.last_panel);
  in_even_pieces(part.first_pixel, part.last_pixel, kTapPixels, [&](size_t first, size_t count) {
    table.find(first, count);
    if (kLeavesOut) add_windows(table, shape.channels, count, totals);
    for (size_t strip = first_strip; strip < last_strip; ++strip) {
      const size_t columns = shape.out_channels - strip * kPanelWidth;
      in_even_pieces(0, count, kSumRows, [&](size_t pixel, size_t rows) {
        sum_for(rows, columns)(layer, {first, pixel, strip});
      });
    }
  });
}

}  // namespace
}  // namespace netsuke::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include "kernels/cpu.h"

namespace netsuke::kernels {

HWY_EXPORT(run_binary_weight_conv);

size_t binary_weight_conv_scratch(const ConvShape& shape) { return TapTable<float>::scratch(shape); }

void binary_weight_conv(const ConvShape& shape, const BinaryWeights& weights, const BinaryScale& scale,
                        const ImageArguments& image, const ConvPart& part, float* scratch) {
  if (scalar_only()) return binary_weight_conv_scalar(shape, weights, scale, image, part);
  HWY_DYNAMIC_DISPATCH(run_binary_weight_conv)(shape, weights, scale, image, part, scratch);
}

}  // namespace netsuke::kernels
#endif  // HWY_ONCE
