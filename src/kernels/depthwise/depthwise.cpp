#include "kernels/depthwise/depthwise.h"

#include <algorithm>
#include <limits>

#include "kernels/simd.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/depthwise/depthwise.cpp"
#include <hwy/foreach_target.h>
// Must come after foreach_target.h.
#include "kernels/channels-inl.h"
#include "kernels/clamp-inl.h"

HWY_BEFORE_NAMESPACE();
namespace netsuke::kernels::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

// Neighbouring windows that are summed together, kVectors vectors of channels each: every input under them
// and every weight is then loaded once a row, and what is read of a pixel is a whole cache line of it where
// vectors have 8 floats. 4 x 2 sums, 3 x 2 weights and an input are what 16 registers hold; where there are
// 32, rows of 7, 14, 28, 56 and 112 windows are cut into sevens.
inline constexpr size_t kTile = 4;
inline constexpr size_t kWideTile = HWY_TARGET <= HWY_AVX3 || HWY_ARCH_ARM_A64 ? 7 : kTile;
inline constexpr size_t kVectors = 2;

// Channels whose windows of a row come before those of the next channels: all, so that what is read of a
// pixel is one long piece (on Zen 3 1.1 to 1.5 times as fast as a tile's channels at a time). With AVX-512 a
// tile's channels are two cache lines, and all of them have not been tried.
inline constexpr size_t kStrip =
    HWY_TARGET <= HWY_AVX3 ? kVectors * hn::MaxLanes(channels::Wide()) : std::numeric_limits<size_t>::max();

// Makes g++ hold a loaded vector in its register. It would load it again for each use, and loads are what
// these kernels wait for.
template <class V>
HWY_INLINE V held(V v) {
#if HWY_COMPILER_GCC_ACTUAL && HWY_ARCH_X86
  asm("" : "+v"(v.raw));
#endif
  return v;
}

// What all tiles of a call share. Strides are in floats.
struct Layer {
  const ConvShape& shape;
  const DepthwiseWeights& weights;
  size_t in_stride, out_stride;
  Clamp clamp;
};

// Where a tile lies.
struct Place {
  const float* in;    // the image's row under the first row of taps inside of the image
  const float* taps;  // that row of taps
  size_t rows;        // of taps inside of the image
  size_t column;      // of the image under the first window; wraps around left of it
  float* out;         // result of the first window
  size_t channel;
};

template <class D, size_t kPixels, size_t kDeep>
using Sums = hn::Vec<D>[kPixels][kDeep];

// Adds one row of taps. Columns outside of the image add nothing; if kInside there are none. kKernel
// and kStride are the window's width and the stride, dilation is 1; inputs under several windows are loaded
// once.
template <size_t kKernel, size_t kStride, bool kInside, size_t kPixels, size_t kDeep, class D>
HWY_INLINE void add_row(D d, const Layer& layer, size_t first, const float* HWY_RESTRICT in,
                        const float* HWY_RESTRICT taps, Sums<D, kPixels, kDeep>& sums) {
  const size_t lanes = hn::Lanes(d), stride = layer.weights.stride;
  hn::Vec<D> weight[kKernel][kDeep];
  HWY_UNROLL(32)
  for (size_t kx = 0; kx < kKernel; ++kx) {
    HWY_UNROLL(4)
    for (size_t v = 0; v < kDeep; ++v) weight[kx][v] = hn::LoadU(d, taps + kx * stride + v * lanes);
  }
  HWY_UNROLL(32)
  for (size_t column = 0; column < (kPixels - 1) * kStride + kKernel; ++column, in += layer.in_stride) {
    if (!kInside && first + column >= layer.shape.width) continue;
    HWY_UNROLL(4)
    for (size_t v = 0; v < kDeep; ++v) {
      const hn::Vec<D> x = held(hn::LoadU(d, in + v * lanes));
      HWY_UNROLL(32)
      for (size_t kx = 0; kx < kKernel; ++kx) {
        if (column < kx || (column - kx) % kStride != 0 || (column - kx) / kStride >= kPixels) continue;
        sums[(column - kx) / kStride][v] = hn::MulAdd(x, weight[kx][v], sums[(column - kx) / kStride][v]);
      }
    }
  }
}

// The same for any window.
template <bool kInside, size_t kPixels, size_t kDeep, class D>
HWY_INLINE void add_any_row(D d, const Layer& layer, size_t first, const float* HWY_RESTRICT in,
                            const float* HWY_RESTRICT taps, Sums<D, kPixels, kDeep>& sums) {
  const ConvShape& s = layer.shape;
  for (size_t kx = 0; kx < s.kernel_w; ++kx, taps += layer.weights.stride) {
    HWY_UNROLL(32)
    for (size_t p = 0; p < kPixels; ++p) {
      const size_t column = p * s.stride_w + kx * s.dilation_w;
      if (!kInside && first + column >= s.width) continue;
      HWY_UNROLL(4)
      for (size_t v = 0; v < kDeep; ++v)
        sums[p][v] = hn::MulAdd(hn::LoadU(d, in + column * layer.in_stride + v * hn::Lanes(d)),
                                hn::LoadU(d, taps + v * hn::Lanes(d)), sums[p][v]);
    }
  }
}

template <size_t kKernel, size_t kStride, bool kInside, size_t kPixels, size_t kDeep, class D>
HWY_INLINE void tile(D d, const Layer& layer, const Place& place) {
  using V = hn::Vec<D>;
  const ConvShape& s = layer.shape;
  const size_t lanes = hn::Lanes(d);
  Sums<D, kPixels, kDeep> sums;
  HWY_UNROLL(32)
  for (size_t p = 0; p < kPixels; ++p) {
    HWY_UNROLL(4)
    for (size_t v = 0; v < kDeep; ++v)
      sums[p][v] = hn::LoadU(d, layer.weights.bias.data() + place.channel + v * lanes);
  }
  // Signed, since the first window may begin left of the image; what lies there is not read.
  const auto start = static_cast<std::ptrdiff_t>(place.column * layer.in_stride + place.channel);
  const float* in = place.in + start;
  const float* taps = place.taps + place.channel;
  const size_t in_step = s.dilation_h * s.width * layer.in_stride,
               tap_step = s.kernel_w * layer.weights.stride;
  size_t rows = place.rows;
  if constexpr (kKernel == 3 && kInside) {
    // Each row by instructions of its own, whose next inputs the processor foresees; one that reads three
    // rows in turn it does not.
    if (rows == 3) {
      rows = 0;
      HWY_UNROLL(3)
      for (size_t r = 0; r < 3; ++r, in += in_step, taps += tap_step)
        add_row<kKernel, kStride, kInside, kPixels, kDeep>(d, layer, place.column, in, taps, sums);
    }
  }
  for (size_t r = 0; r < rows; ++r, in += in_step, taps += tap_step) {
    if constexpr (kKernel != 0)
      add_row<kKernel, kStride, kInside, kPixels, kDeep>(d, layer, place.column, in, taps, sums);
    else
      add_any_row<kInside, kPixels, kDeep>(d, layer, place.column, in, taps, sums);
  }
  const V low = hn::Set(d, layer.clamp.low), high = hn::Set(d, layer.clamp.high);
  float* HWY_RESTRICT out = place.out + place.channel;
  HWY_UNROLL(32)
  for (size_t p = 0; p < kPixels; ++p, out += layer.out_stride) {
    HWY_UNROLL(4)
    for (size_t v = 0; v < kDeep; ++v) hn::StoreU(limited(sums[p][v], low, high), d, out + v * lanes);
  }
}

// Some windows of an output row, for channels [first, last).
template <size_t kKernel, size_t kStride, size_t kPixels, bool kInside>
void tile_of_channels(const Layer& layer, Place place, size_t first, size_t last) {
  const channels::Wide d;
  const size_t lanes = hn::Lanes(d);
  size_t c = first;
  for (; c + kVectors * lanes <= last; c += kVectors * lanes) {
    place.channel = c;
    tile<kKernel, kStride, kInside, kPixels, kVectors>(d, layer, place);
  }
  for (; c < last; c += lanes) {
    place.channel = std::min(c, last - lanes);
    tile<kKernel, kStride, kInside, kPixels, 1>(d, layer, place);
  }
}

// All windows of an output row, tile(inside) for each kPixels of them.
template <size_t kPixels, class Tile>
HWY_INLINE void row_of_tiles(const Layer& layer, Place& place, const Tile& tile) {
  const ConvShape& s = layer.shape;
  const size_t reach = (kPixels - 1) * s.stride_w + (s.kernel_w - 1) * s.dilation_w;
  float* const out = place.out;
  for (size_t next = 0; next < s.out_width; next += kPixels) {
    // The last tile begins before the end of the one before where tiles do not divide the row.
    const size_t x = std::min(next, s.out_width - kPixels);
    place.column = x * s.stride_w - s.pad_left;
    place.out = out + x * layer.out_stride;
    tile(place.column < s.width && place.column + reach < s.width);
  }
  place.out = out;
}

// An output row of few channels or windows. For all kernels the same code, once.
HWY_NOINLINE void narrow_row(const Layer& layer, Place place) {
  channels::cover(layer.shape.channels, [&](auto tag, size_t c) HWY_ATTR {
    place.channel = c;
    row_of_tiles<1>(layer, place, [&](bool inside) HWY_ATTR {
      if (inside)
        tile<0, 0, true, 1, 1>(tag, layer, place);
      else
        tile<0, 0, false, 1, 1>(tag, layer, place);
    });
  });
}

// An output row; place.channel and place.column are still to be set.
template <size_t kKernel, size_t kStride, size_t kPixels>
void output_row(const Layer& layer, Place place) {
  const size_t count = layer.shape.channels;
  if (count < hn::Lanes(channels::Wide()) || layer.shape.out_width < kPixels) return narrow_row(layer, place);
  for (size_t first = 0; first < count; first += kStrip) {
    // The last vector may begin among the channels of the strip before.
    const size_t last = std::min(first + kStrip, count);
    row_of_tiles<kPixels>(layer, place, [&](bool inside) HWY_ATTR {
      if (inside)
        tile_of_channels<kKernel, kStride, kPixels, true>(layer, place, first, last);
      else
        tile_of_channels<kKernel, kStride, kPixels, false>(layer, place, first, last);
    });
  }
}

using RowFunction = void (*)(const Layer&, Place);

template <size_t kPixels>
RowFunction row_function(const ConvShape& s) {
  if (s.dilation_w != 1 || s.stride_w > 2) return output_row<0, 0, kPixels>;
  if (s.kernel_w == 3) return s.stride_w == 1 ? output_row<3, 1, kPixels> : output_row<3, 2, kPixels>;
  if (s.kernel_w == 5) return s.stride_w == 1 ? output_row<5, 1, kPixels> : output_row<5, 2, kPixels>;
  return output_row<0, 0, kPixels>;
}

// By tiles that fit into the row and cover it with the fewest windows.
RowFunction choose_row_function(const ConvShape& s) {
  const auto windows = [&](size_t tile) { return (s.out_width + tile - 1) / tile * tile; };
  const bool wide = s.out_width >= kWideTile && windows(kWideTile) <= windows(kTile);
  return wide ? row_function<kWideTile>(s) : row_function<kTile>(s);
}

// Rows [first, last) of the window that lie inside of the image.
struct Taps {
  size_t first = 0, last = 0;
};

// `start` is where the window begins, counted from the padding's edge.
Taps taps_inside(const ConvShape& s, size_t start) {
  Taps taps;
  while (taps.first < s.kernel_h && start + taps.first * s.dilation_h < s.pad_top) ++taps.first;
  taps.last = taps.first;
  while (taps.last < s.kernel_h && start + taps.last * s.dilation_h < s.pad_top + s.height) ++taps.last;
  return taps;
}

void run_depthwise(const ConvShape& shape, const DepthwiseWeights& weights, const float* in, size_t in_stride,
                   float* out, size_t out_stride, Clamp clamp, size_t first_row, size_t last_row) {
  if (NETSUKE_NEVER_RUNS) return;
  const Layer layer{shape, weights, in_stride, out_stride, clamp};
  const RowFunction output_row = choose_row_function(shape);
  for (size_t y = first_row; y < last_row; ++y) {
    const size_t start = y * shape.stride_h;
    const Taps taps = taps_inside(shape, start);
    Place place{in,
                weights.taps.data() + taps.first * shape.kernel_w * weights.stride,
                taps.last - taps.first,
                0,
                out + y * shape.out_width * out_stride,
                0};
    if (place.rows > 0)
      place.in += (start + taps.first * shape.dilation_h - shape.pad_top) * shape.width * in_stride;
    output_row(layer, place);
  }
}

}  // namespace
}  // namespace netsuke::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include "kernels/cpu.h"

namespace netsuke::kernels {

HWY_EXPORT(run_depthwise);

DepthwiseWeights pack_depthwise(const float* weights, const float* bias, size_t channels, size_t kernel_h,
                                size_t kernel_w) {
  constexpr size_t kLine = kCacheLine / sizeof(float);
  const size_t stride = (channels + kLine - 1) / kLine * kLine, taps = kernel_h * kernel_w;
  DepthwiseWeights packed{channels, kernel_h, kernel_w, stride, {}, {}};
  packed.taps.resize(taps * stride, 0.0f);
  packed.bias.resize(stride, 0.0f);
  if (bias) std::copy_n(bias, channels, packed.bias.begin());
  for (size_t c = 0; c < channels; ++c)
    for (size_t t = 0; t < taps; ++t) packed.taps[t * stride + c] = weights[c * taps + t];
  return packed;
}

void depthwise(const ConvShape& shape, const DepthwiseWeights& weights, const float* in, size_t in_stride,
               float* out, size_t out_stride, Clamp clamp, size_t first_row, size_t last_row) {
  if (scalar_only())
    return depthwise_scalar(shape, weights, in, in_stride, out, out_stride, clamp, first_row, last_row);
  HWY_DYNAMIC_DISPATCH(run_depthwise)
  (shape, weights, in, in_stride, out, out_stride, clamp, first_row, last_row);
}

}  // namespace netsuke::kernels
#endif  // HWY_ONCE
