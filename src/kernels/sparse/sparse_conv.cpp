#include "kernels/sparse/sparse_conv.h"

#include <algorithm>
#include <memory>

#include "kernels/elementwise/image_arithmetic.h"
#include "kernels/simd.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/sparse/sparse_conv.cpp"
#include <hwy/foreach_target.h>
// Must come after foreach_target.h.
#include <hwy/highway.h>

#include "kernels/clamp-inl.h"

HWY_BEFORE_NAMESPACE();
namespace netsuke::kernels::HWY_NAMESPACE {
namespace {  // names of this file only: other files have theirs in the same HWY_NAMESPACE

namespace hn = hwy::HWY_NAMESPACE;

using FloatTag = hn::ScalableTag<float>;
constexpr size_t kLanes = hn::MaxLanes(FloatTag());

// A tile is as many pixels as sums fit 16 registers with room for a weight, and 64 at most. Matrices of tiles
// have this many floats a row even where a tile is narrower.
constexpr size_t kTileVectors = kLanes > 8 ? 4 : 8;
constexpr size_t kTilePixels = kTileVectors * kLanes;

// Outputs that are written at once: a cache line of each pixel.
constexpr size_t kScattered = 16;

// Some output pixels and where their windows begin in the input.
struct Tile {
  size_t first, pixels, vectors;
  size_t y[kTilePixels], x[kTilePixels];
};

Tile tile_at(const ConvShape& s, size_t first, size_t pixels) {
  Tile tile;
  tile.first = first, tile.pixels = pixels, tile.vectors = (pixels + kLanes - 1) / kLanes;
  size_t y = first / s.out_width, x = first % s.out_width;
  for (size_t i = 0; i < kTilePixels; ++i) {
    // Pixels beyond the tile lie far outside of the image, so that they read as zeros.
    tile.y[i] = i < pixels ? y * s.stride_h - s.pad_top : ~size_t{0} / 2;
    tile.x[i] = x * s.stride_w - s.pad_left;
    if (++x == s.out_width) x = 0, ++y;
  }
  return tile;
}

// Rows that are transposed at once, four floats of each.
constexpr size_t kGroup = kLanes >= 8 ? 8 : 4;

#if HWY_TARGET != HWY_SCALAR
// Four floats of row i and, if a vector holds eight, four of row i + 4.
template <class D>
HWY_INLINE hn::Vec<D> load_rows(D d, const float* const from[], size_t i, size_t offset) {
  const hn::FixedTag<float, 4> four;
  if constexpr (hn::MaxLanes(D()) == 8)
    return hn::Combine(d, hn::LoadU(four, from[i + 4] + offset), hn::LoadU(four, from[i] + offset));
  else
    return hn::LoadU(d, from[i] + offset);
}
#endif

// to[j * to_stride + i] = from[i][offset + j] for kGroup rows i and four columns j.
HWY_INLINE void transpose(const float* const from[kGroup], size_t offset, float* to, size_t to_stride) {
#if HWY_TARGET == HWY_SCALAR
  for (size_t j = 0; j < 4; ++j)
    for (size_t i = 0; i < kGroup; ++i) to[j * to_stride + i] = from[i][offset + j];
#else
  const hn::FixedTag<float, kGroup> d;
  const auto row0 = load_rows(d, from, 0, offset), row1 = load_rows(d, from, 1, offset),
             row2 = load_rows(d, from, 2, offset), row3 = load_rows(d, from, 3, offset);
  const auto even_low = hn::InterleaveLower(d, row0, row2), even_high = hn::InterleaveUpper(d, row0, row2),
             odd_low = hn::InterleaveLower(d, row1, row3), odd_high = hn::InterleaveUpper(d, row1, row3);
  hn::StoreU(hn::InterleaveLower(d, even_low, odd_low), d, to);
  hn::StoreU(hn::InterleaveUpper(d, even_low, odd_low), d, to + to_stride);
  hn::StoreU(hn::InterleaveLower(d, even_high, odd_high), d, to + 2 * to_stride);
  hn::StoreU(hn::InterleaveUpper(d, even_high, odd_high), d, to + 3 * to_stride);
#endif
}

constexpr size_t kSquare = 16;
#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3
constexpr bool kSquares = true;

// to[j * to_stride + i] = from[i][offset + j] for 16 rows i and the first `columns` of 16 columns j: whole
// cache lines on both sides.
HWY_INLINE void transpose_square(const float* const from[kSquare], size_t offset, float* to, size_t to_stride,
                                 size_t columns = kSquare) {
  __m512 rows[kSquare], pairs[kSquare];
  HWY_UNROLL(16)
  for (size_t i = 0; i < kSquare; ++i) rows[i] = _mm512_loadu_ps(from[i] + offset);
  HWY_UNROLL(8)
  for (size_t i = 0; i < kSquare; i += 2) {
    pairs[i] = _mm512_unpacklo_ps(rows[i], rows[i + 1]);
    pairs[i + 1] = _mm512_unpackhi_ps(rows[i], rows[i + 1]);
  }
  // Block b of rows[4 g + k] becomes column 4 b + k of rows 4 g to 4 g + 3.
  HWY_UNROLL(4)
  for (size_t i = 0; i < kSquare; i += 4) {
    const auto as_doubles = [](__m512 v) HWY_ATTR { return _mm512_castps_pd(v); };
    const auto low = [&](size_t a, size_t b) HWY_ATTR {
      return _mm512_castpd_ps(_mm512_unpacklo_pd(as_doubles(pairs[a]), as_doubles(pairs[b])));
    };
    const auto high = [&](size_t a, size_t b) HWY_ATTR {
      return _mm512_castpd_ps(_mm512_unpackhi_pd(as_doubles(pairs[a]), as_doubles(pairs[b])));
    };
    rows[i] = low(i, i + 2), rows[i + 1] = high(i, i + 2);
    rows[i + 2] = low(i + 1, i + 3), rows[i + 3] = high(i + 1, i + 3);
  }
  constexpr int kEven = 0x88, kOdd = 0xdd;  // blocks 0 and 2, or 1 and 3, of both
  HWY_UNROLL(4)
  for (size_t k = 0; k < 4; ++k) {
    const __m512 even_low = _mm512_shuffle_f32x4(rows[k], rows[4 + k], kEven),
                 odd_low = _mm512_shuffle_f32x4(rows[k], rows[4 + k], kOdd),
                 even_high = _mm512_shuffle_f32x4(rows[8 + k], rows[12 + k], kEven),
                 odd_high = _mm512_shuffle_f32x4(rows[8 + k], rows[12 + k], kOdd);
    const auto store = [&](size_t column, __m512 v) HWY_ATTR {
      if (column < columns) _mm512_storeu_ps(to + column * to_stride, v);
    };
    store(k, _mm512_shuffle_f32x4(even_low, even_high, kEven));
    store(4 + k, _mm512_shuffle_f32x4(odd_low, odd_high, kEven));
    store(8 + k, _mm512_shuffle_f32x4(even_low, even_high, kOdd));
    store(12 + k, _mm512_shuffle_f32x4(odd_low, odd_high, kOdd));
  }
}
#else
constexpr bool kSquares = false;

HWY_INLINE void transpose_square(const float* const*, size_t, float*, size_t, size_t = 0) {}
#endif

// Where a tile's pixels [first, first + count) have one tap's input, or zeros.
HWY_INLINE void find_inputs(const ConvShape& s, const float* in, size_t in_stride, const Tile& tile,
                            size_t tap, size_t first, size_t count, const float** from) {
  static constexpr float kZeros[kSparseBlockRows] = {};
  const size_t dy = tap / s.kernel_w * s.dilation_h, dx = tap % s.kernel_w * s.dilation_w;
  for (size_t j = 0; j < count; ++j) {
    const size_t y = tile.y[first + j] + dy, x = tile.x[first + j] + dx;
    from[j] = y < s.height && x < s.width ? in + (y * s.width + x) * in_stride : kZeros;
  }
}

// `count` channels of the tile's pixels, moved by one tap's offset, to as many rows.
void gather_tap(const ConvShape& s, const float* in, size_t in_stride, const Tile& tile, size_t tap,
                size_t count, float* HWY_RESTRICT rows) {
  const size_t squared = kSquares ? count / kSquare * kSquare : 0;
  for (size_t i = 0; squared && i < tile.vectors * kLanes; i += kSquare) {
    const float* from[kSquare];
    find_inputs(s, in, in_stride, tile, tap, i, kSquare, from);
    for (size_t c = 0; c < squared; c += kSquare)
      transpose_square(from, c, rows + c * kTilePixels + i, kTilePixels);
  }
  if (squared == count) return;
  for (size_t i = 0; i < tile.vectors * kLanes; i += kGroup) {
    const float* from[kGroup];
    find_inputs(s, in, in_stride, tile, tap, i, kGroup, from);
    size_t c = squared;
    for (; c + 4 <= count; c += 4) transpose(from, c, rows + c * kTilePixels + i, kTilePixels);
    for (; c < count; ++c)
      for (size_t j = 0; j < kGroup; ++j) rows[c * kTilePixels + i + j] = from[j][c];
  }
}

// Rows [first, last) of the matrix that the input of a group is seen as.
void gather_block(const ConvShape& s, const float* in, size_t in_stride, const Tile& tile, size_t first,
                  size_t last, float* rows) {
  const size_t channels = s.channels / s.groups;
  for (size_t row = first, count; row < last; row += count) {
    const size_t channel = row % channels;
    count = std::min(channels - channel, last - row);
    gather_tap(s, in + channel, in_stride, tile, row / channels, count, rows + (row - first) * kTilePixels);
  }
}

// The weights of one block of a group, and how its sums begin and end.
struct Block {
  const uint32_t* outputs;
  const uint32_t* starts;
  const uint8_t* rows;
  const float* values;
  const float* bias;  // where sums start, null in blocks after the first
  Clamp clamp;
  bool clamps;  // in the last block
};

// sums[outputs, kTilePixels] (+)= weights * rows. Narrow tiles keep several sums a pixel: a chain of
// dependent additions waits for each.
template <size_t kVectors>
HWY_NOINLINE void multiply_block(const Block& block, size_t lists, const float* HWY_RESTRICT rows,
                                 float* HWY_RESTRICT sums) {
  constexpr size_t kSets = kVectors > 2 ? 1 : (kVectors > 1 ? 2 : 4), kAtOnce = HWY_MAX(kSets, 2);
  const FloatTag d;
  using V = hn::Vec<FloatTag>;
  const uint32_t* HWY_RESTRICT outputs = block.outputs;
  const uint32_t* HWY_RESTRICT starts = block.starts;
  const uint8_t* HWY_RESTRICT weight_rows = block.rows;
  const float* HWY_RESTRICT values = block.values;
  const float* HWY_RESTRICT bias = block.bias;
  const bool clamps = block.clamps;
  const V low = hn::Set(d, block.clamp.low), high = hn::Set(d, block.clamp.high);
  size_t i = starts[0];
  for (size_t list = 0; list < lists; ++list) {
    const size_t output = outputs[list];
    float* HWY_RESTRICT to = sums + output * kTilePixels;
    V sum[kSets][kVectors];
    HWY_UNROLL(8)
    for (size_t v = 0; v < kVectors; ++v) {
      sum[0][v] = bias ? hn::Set(d, bias[output]) : hn::Load(d, to + v * kLanes);
      HWY_UNROLL(4)
      for (size_t set = 1; set < kSets; ++set) sum[set][v] = hn::Zero(d);
    }
    const auto add = [&](size_t at, size_t set) HWY_ATTR {
      const V weight = hn::Set(d, values[at]);
      const float* row = rows + weight_rows[at] * kTilePixels;
      HWY_UNROLL(8)
      for (size_t v = 0; v < kVectors; ++v)
        sum[set][v] = hn::MulAdd(weight, hn::Load(d, row + v * kLanes), sum[set][v]);
    };
    const size_t end = starts[list + 1];
    for (; i + kAtOnce <= end; i += kAtOnce) {
      HWY_UNROLL(4)
      for (size_t j = 0; j < kAtOnce; ++j) add(i + j, j % kSets);
    }
    for (; i < end; ++i) add(i, 0);
    HWY_UNROLL(8)
    for (size_t v = 0; v < kVectors; ++v) {
      HWY_UNROLL(4)
      for (size_t set = 1; set < kSets; ++set) sum[0][v] = hn::Add(sum[0][v], sum[set][v]);
      if (clamps) sum[0][v] = limited(sum[0][v], low, high);
      hn::Store(sum[0][v], d, to + v * kLanes);
    }
  }
}

using MultiplyFunction = void (*)(const Block&, size_t, const float*, float*);

MultiplyFunction multiply_for(size_t vectors) {
  static constexpr MultiplyFunction kFunctions[] = {multiply_block<1>, multiply_block<2>, multiply_block<3>,
                                                    multiply_block<4>, multiply_block<5>, multiply_block<6>,
                                                    multiply_block<7>, multiply_block<8>};
  return kFunctions[vectors - 1];
}

// Outputs [first, last) of sums, kScattered at most, to `pixels` pixels, kSquare at most.
void scatter_block(const float* HWY_RESTRICT sums, size_t first, size_t last, size_t pixels,
                   float* HWY_RESTRICT out, size_t out_stride) {
  if (kSquares && last - first == kSquare) {
    const float* from[kSquare];
    for (size_t j = 0; j < kSquare; ++j) from[j] = sums + (first + j) * kTilePixels;
    return transpose_square(from, 0, out + first, out_stride, pixels);
  }
  for (size_t i = 0; i < pixels; i += 4) {
    size_t output = first;
    if (i + 4 <= pixels) {
      for (; output + kGroup <= last; output += kGroup) {
        const float* from[kGroup];
        for (size_t j = 0; j < kGroup; ++j) from[j] = sums + (output + j) * kTilePixels;
        transpose(from, i, out + i * out_stride + output, out_stride);
      }
    }
    for (; output < last; ++output)
      for (size_t j = i; j < std::min(i + 4, pixels); ++j)
        out[j * out_stride + output] = sums[output * kTilePixels + j];
  }
}

// A tile's sums to its pixels: few of these at once, since each that is written to is a page of its own where
// pixels are large.
void scatter(const float* HWY_RESTRICT sums, size_t outputs, size_t pixels, float* HWY_RESTRICT out,
             size_t out_stride) {
  for (size_t i = 0; i < pixels; i += kSquare)
    for (size_t o = 0; o < outputs; o += kScattered)
      scatter_block(sums + i, o, std::min(o + kScattered, outputs), std::min(kSquare, pixels - i),
                    out + i * out_stride, out_stride);
}

// One tile of one group's outputs.
void group_tile(const ConvShape& s, const SparseConvWeights& w, size_t group, const float* in,
                size_t in_stride, const Tile& tile, Clamp clamp, float* rows, float* sums) {
  const size_t outputs = s.out_channels / s.groups;
  for (size_t b = 0; b < w.blocks; ++b) {
    const size_t first = b * kSparseBlockRows, last = std::min(first + kSparseBlockRows, s.depth());
    gather_block(s, in, in_stride, tile, first, last, rows);
    const size_t list = (group * w.blocks + b) * outputs;
    const Block block{w.outputs.data() + list,
                      w.starts.data() + list,
                      w.rows.data(),
                      w.values.data(),
                      b == 0 ? w.bias.data() + group * outputs : nullptr,
                      clamp,
                      b + 1 == w.blocks};
    multiply_for(tile.vectors)(block, outputs, rows, sums);
  }
}

// Vectors of pixels that tiles have: all as many, since a narrow last one would run at a fraction of the
// speed.
size_t vectors_of_a_tile(const ConvShape& s) {
  const size_t vectors = (s.out_plane() + kLanes - 1) / kLanes;
  const size_t tiles = (vectors + kTileVectors - 1) / kTileVectors;
  return (vectors + tiles - 1) / tiles;
}

size_t tiles(const ConvShape& s) {
  const size_t pixels = vectors_of_a_tile(s) * kLanes;
  return (s.out_plane() + pixels - 1) / pixels;
}

void run_sparse_conv(const ConvShape& s, const SparseConvWeights& w, const ImageArguments& image,
                     size_t first_tile, size_t last_tile, float* scratch) {
  if (NETSUKE_NEVER_RUNS) return;
  const size_t channels = s.channels / s.groups, outputs = s.out_channels / s.groups;
  void* aligned = scratch;
  size_t room = kCacheLine * 2;
  float* rows = static_cast<float*>(std::align(kCacheLine, kCacheLine, aligned, room));
  float* sums = rows + kSparseBlockRows * kTilePixels;
  const size_t step = vectors_of_a_tile(s) * kLanes;
  // What is added comes on in a second pass, before the clamp.
  const Clamp clamp = image.add ? Clamp{} : image.clamp;
  for (size_t first = first_tile * step; first < std::min(last_tile * step, s.out_plane()); first += step) {
    const Tile tile = tile_at(s, first, std::min(step, s.out_plane() - first));
    for (size_t group = 0; group < s.groups; ++group) {
      group_tile(s, w, group, image.in + group * channels, image.in_stride, tile, clamp, rows, sums);
      scatter(sums, outputs, tile.pixels, image.out + first * image.out_stride + group * outputs,
              image.out_stride);
    }
    if (image.add)
      add_images(image.out, image.out_stride, image.add, image.add_stride, s.out_channels, image.clamp,
                 image.out, image.out_stride, first, first + tile.pixels);
  }
}

size_t tile_pixels() { return kTilePixels; }

}  // namespace
}  // namespace netsuke::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include "kernels/cpu.h"

namespace netsuke::kernels {

HWY_EXPORT(run_sparse_conv);
HWY_EXPORT(tile_pixels);
HWY_EXPORT(tiles);

size_t sparse_conv_scratch(const ConvShape& shape) {
  return (kSparseBlockRows + shape.out_channels / shape.groups) * HWY_DYNAMIC_DISPATCH(tile_pixels)() +
         kCacheLine / sizeof(float);
}

size_t sparse_conv_tiles(const ConvShape& shape) {
  return scalar_only() ? 1 : HWY_DYNAMIC_DISPATCH(tiles)(shape);
}

void sparse_conv(const ConvShape& shape, const SparseConvWeights& weights, const ImageArguments& image,
                 size_t first_tile, size_t last_tile, float* scratch) {
  if (first_tile >= last_tile) return;
  if (scalar_only()) return sparse_conv_scalar(shape, weights, image);
  HWY_DYNAMIC_DISPATCH(run_sparse_conv)(shape, weights, image, first_tile, last_tile, scratch);
}

}  // namespace netsuke::kernels
#endif  // HWY_ONCE
