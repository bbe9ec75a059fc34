#include "kernels/winograd/winograd.h"

#include "kernels/simd.h"
#include "kernels/winograd/transform.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/winograd/winograd.cpp"
#include <hwy/foreach_target.h>
// Must come after foreach_target.h.
#include "kernels/gemm/gemm-inl.h"
#include "kernels/winograd/input-inl.h"

HWY_BEFORE_NAMESPACE();
namespace netsuke::kernels::HWY_NAMESPACE {
namespace {  // names of this file only: other files have theirs in the same HWY_NAMESPACE

using winograd_input::V;

// The part of row kRow of A^T x that points and their negatives give; `pairs` holds x[i] + x[i + 1] for even
// rows, x[i] - x[i + 1] for odd ones.
template <size_t m, size_t kRow, size_t kAt = 1>
HWY_INLINE V pair_sum(const V* pairs) {
  constexpr float factor = WinogradMatrices<m>::output[kRow][kAt];
  const V x = pairs[kAt / 2];
  if constexpr (kAt + 2 >= m + 1) {
    if constexpr (factor == 1) return x;
    return hn::Mul(hn::Set(FloatTag(), factor), x);
  } else {
    const V rest = pair_sum<m, kRow, kAt + 2>(pairs);
    if constexpr (factor == 1) return hn::Add(rest, x);
    return hn::MulAdd(hn::Set(FloatTag(), factor), x, rest);
  }
}

template <size_t m, size_t kRow = 0>
HWY_INLINE void output_rows(const V* x, const V* sums, const V* differences, V* out) {
  if constexpr (kRow < m) {
    out[kRow] = pair_sum<m, kRow>(kRow % 2 ? differences : sums);
    if constexpr (kRow == 0) out[kRow] = hn::Add(out[kRow], x[0]);
    if constexpr (kRow == m - 1) out[kRow] = hn::Add(out[kRow], x[m + 1]);
    output_rows<m, kRow + 1>(x, sums, differences, out);
  }
}

// out = A^T x.
template <size_t m>
HWY_INLINE void output_transform(const V* x, V* out) {
  V sums[m / 2 + 1], differences[m / 2 + 1];
  HWY_UNROLL(8)
  for (size_t i = 0; i < m / 2; ++i) {
    sums[i] = hn::Add(x[2 * i + 1], x[2 * i + 2]);
    differences[i] = hn::Sub(x[2 * i + 1], x[2 * i + 2]);
  }
  output_rows<m>(x, sums, differences, out);
}

template <size_t m>
class Tiles {
 public:
  static constexpr size_t kSide = m + 2;

  Tiles(const ConvShape& shape, const WinogradWeights& weights, const ImageArguments& image)
      : shape_(shape),
        weights_(weights),
        image_(image),
        across_((shape.out_width + m - 1) / m),
        down_((shape.out_height + m - 1) / m) {}

  // A^T p A of one tile, where place i is at from[i * place_step], for output channels [first, last), which
  // are whole vectors: another thread may be at work on those beside them.
  void write(size_t tile, const float* from, size_t place_step, size_t first, size_t last) const {
    const size_t top = tile / across_ % down_ * m, left = tile % across_ * m;
    const size_t first_row = tile / (across_ * down_) * shape_.out_height + top;
    const size_t height = std::min(m, shape_.out_height - top), width = std::min(m, shape_.out_width - left);
    const FloatTag tag;
    for (size_t c = first; c < last; c += kLanes) {
      V rows[kSide][m];  // of A^T p, transposed
      HWY_UNROLL(8)
      for (size_t x = 0; x < kSide; ++x) {
        V column[kSide];
        HWY_UNROLL(8)
        for (size_t y = 0; y < kSide; ++y)
          column[y] = hn::LoadU(tag, from + (y * kSide + x) * place_step + c);
        output_transform<m>(column, rows[x]);
      }
      const V bias = hn::LoadU(tag, weights_.bias.data() + c);
      HWY_UNROLL(8)
      for (size_t y = 0; y < m; ++y) {
        if (y >= height) break;
        V row[kSide], out[m];
        HWY_UNROLL(8)
        for (size_t x = 0; x < kSide; ++x) row[x] = rows[x][y];
        output_transform<m>(row, out);
        HWY_UNROLL(8)
        for (size_t x = 0; x < m; ++x)
          if (x < width) finish(hn::Add(out[x], bias), (first_row + y) * shape_.out_width + left + x, c);
      }
    }
  }

 private:
  HWY_INLINE void finish(V value, size_t pixel, size_t c) const {
    const FloatTag tag;
    if (image_.add) value = hn::Add(value, hn::LoadU(tag, image_.add + pixel * image_.add_stride + c));
    value = limited(value, hn::Set(tag, image_.clamp.low), hn::Set(tag, image_.clamp.high));
    hn::StoreU(value, tag, image_.out + pixel * image_.out_stride + c);
  }

  const ConvShape& shape_;
  const WinogradWeights& weights_;
  const ImageArguments& image_;
  const size_t across_, down_;
};

template <size_t m>
void run_tiles(const ConvShape& shape, const WinogradWeights& weights, const ImageArguments& image,
               const WinogradPart& part, size_t block, float* scratch) {
  constexpr size_t kPlaces = (m + 2) * (m + 2);
  const Tiles<m> tiles(shape, weights, image);
  const size_t inputs = shape.channels, outputs = shape.out_channels;
  float* const products = scratch + kPlaces * block * inputs;
  const size_t first_column = part.first_panel * kPanelWidth;
  const size_t last_column = std::min(part.last_panel * kPanelWidth, outputs);
  for (size_t first = part.first_tile; first < part.last_tile; first += block) {
    const size_t count = std::min(block, part.last_tile - first);
    if (!part.again || count < part.last_tile - part.first_tile)
      for (size_t t = 0; t < count; ++t)
        winograd_input::transform<m>(shape, image.in, image.in_stride, weights.zeros.data(), first + t,
                                     scratch + t * inputs, count * inputs);
    for (size_t place = 0; place < kPlaces; ++place) {
      const float* rows[kProductRows];
      for (size_t t = 0; t < count; ++t) rows[t] = scratch + (place * count + t) * inputs;
      float* to = products + place * count * outputs;
      Product p{&weights.places, count, rows, count, 0, 1, inputs, to, outputs};
      p.b_offset = place * weights.places.size();
      product(p, part.first_panel, part.last_panel);
    }
    for (size_t t = 0; t < count; ++t)
      tiles.write(first + t, products + t * outputs, count * outputs, first_column, last_column);
  }
}

void run_winograd(const ConvShape& shape, const WinogradWeights& weights, const ImageArguments& image,
                  const WinogradPart& part, size_t block, float* scratch) {
  if (NETSUKE_NEVER_RUNS) return;
  if (weights.m == 2) run_tiles<2>(shape, weights, image, part, block, scratch);
  if (weights.m == 4) run_tiles<4>(shape, weights, image, part, block, scratch);
#if HWY_TARGET != HWY_SSE4  // see winograd_fits()
  if (weights.m == 6) run_tiles<6>(shape, weights, image, part, block, scratch);
#endif
}

}  // namespace
}  // namespace netsuke::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include "kernels/cpu.h"

namespace netsuke::kernels {
namespace {

HWY_EXPORT(run_winograd);

// Floats of the longest vector there is.
constexpr size_t kLongestVector = 16;

// The longest panel there is has four vectors of 16.
constexpr size_t kMostLanes = 64;

// G g G^T of the kernels of one input channel and a panel's outputs, side by side: kernel l is weights[l *
// step] and place p of it goes to the matrix of that place, to value at + l.
template <size_t m>
void transform_kernels(const float* weights, size_t step, size_t lanes, Panels& places, size_t at) {
  constexpr auto& matrix = WinogradMatrices<m>::filter;
  double g[9][kMostLanes], half[3][kMostLanes];
  for (size_t i = 0; i < 9; ++i)
    for (size_t l = 0; l < lanes; ++l) g[i][l] = weights[l * step + i];
  for (size_t i = 0; i < m + 2; ++i) {
    for (size_t x = 0; x < 3; ++x)
      for (size_t l = 0; l < lanes; ++l)
        half[x][l] = matrix[i][0] * g[x][l] + matrix[i][1] * g[3 + x][l] + matrix[i][2] * g[6 + x][l];
    for (size_t j = 0; j < m + 2; ++j) {
      float* to = places.values.data() + (i * (m + 2) + j) * places.size() + at;
      for (size_t l = 0; l < lanes; ++l)
        to[l] = static_cast<float>(matrix[j][0] * half[0][l] + matrix[j][1] * half[1][l] +
                                   matrix[j][2] * half[2][l]);
    }
  }
}

}  // namespace

bool winograd_fits(const ConvShape& s, size_t m) {
  return !scalar_only() && (m < 6 || cpu_level() != "sse4") && s.kernel_h == 3 && s.kernel_w == 3 &&
         s.stride_h == 1 && s.stride_w == 1 && s.dilation_h == 1 && s.dilation_w == 1 && s.groups == 1 &&
         s.channels >= kLongestVector && s.out_channels % kLongestVector == 0;
}

WinogradWeights blank_winograd(const ConvShape& shape, std::span<const float> bias, size_t m) {
  WinogradWeights packed{m, blank_panels(shape.out_channels, shape.channels, (m + 2) * (m + 2)),
                         AlignedFloats(shape.out_channels, 0.0f), AlignedFloats(shape.channels, 0.0f)};
  std::copy(bias.begin(), bias.end(), packed.bias.begin());
  return packed;
}

void fill_winograd(const ConvShape& shape, const float* weights, size_t first, size_t last,
                   WinogradWeights& packed) {
  const size_t inputs = shape.channels, width = packed.places.width, m = packed.m;
  const auto transform = m == 2 ? transform_kernels<2> : m == 4 ? transform_kernels<4> : transform_kernels<6>;
  for (size_t column = first * width; column < std::min(last * width, shape.out_channels); column += width)
    for (size_t c = 0; c < inputs; ++c)
      transform(weights + (column * inputs + c) * 9, inputs * 9, std::min(width, shape.out_channels - column),
                packed.places, column * inputs + c * width);
}

WinogradWeights pack_winograd(const ConvShape& shape, const float* weights, std::span<const float> bias,
                              size_t m) {
  WinogradWeights packed = blank_winograd(shape, bias, m);
  fill_winograd(shape, weights, 0, packed.panels(), packed);
  return packed;
}

// Tiles that are transformed together: few enough for the second-level cache, or, where the weights are too
// many for it and are read from beyond it for every block, as many as take the room that the weights take.
size_t winograd_block(const ConvShape& shape, size_t m, size_t tiles) {
  constexpr size_t kFloats = 192 * 1024, kLeast = 12, kStep = 6;
  const size_t places = (m + 2) * (m + 2), weights = places * shape.channels * shape.out_channels;
  const size_t fits = std::max(kFloats, weights) / (places * (shape.channels + shape.out_channels));
  const size_t wanted = std::clamp(fits / kStep * kStep, kLeast, kProductRows);
  return std::min(wanted, tiles);
}

size_t winograd_tiles(const ConvShape& shape, size_t m) {
  return (shape.out_height + m - 1) / m * ((shape.out_width + m - 1) / m);
}

size_t winograd_scratch(const ConvShape& shape, size_t m, size_t tiles) {
  return (m + 2) * (m + 2) * winograd_block(shape, m, tiles) * (shape.channels + shape.out_channels);
}

void winograd(const ConvShape& shape, const WinogradWeights& weights, const ImageArguments& image,
              const WinogradPart& part, float* scratch) {
  const size_t block = winograd_block(shape, weights.m, part.last_tile - part.first_tile);
  HWY_DYNAMIC_DISPATCH(run_winograd)(shape, weights, image, part, block, scratch);
}

}  // namespace netsuke::kernels
#endif  // HWY_ONCE
