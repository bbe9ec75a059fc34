#include "kernels/binary/binary_conv.h"

#include <algorithm>
#include <cstring>

#include "kernels/conv/taps.h"
#include "kernels/simd_popcount.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/binary/binary_conv.cpp"
#include <hwy/foreach_target.h>
// Must come after foreach_target.h.
#include "kernels/binary/count_tile-inl.h"
#include "kernels/gemm/gemm-inl.h"

HWY_BEFORE_NAMESPACE();
namespace netsuke::kernels::HWY_NAMESPACE {
namespace {

using count::Counts;
using count::kCountRows;
using count::Tile;
using count::WordTag;

// What all tiles of a call share.
struct Layer {
  const ConvShape& shape;
  const BinaryWeights& weights;
  const BinaryOutput& output;
};

// Makes results of the counts of a tile, for one vector of outputs. Each step is done to all pixels, so that
// what a network lacks is asked for once. Rows beyond the tile's are computed too, of whatever the counts
// hold there: the loops are then unrolled, and what they work on stays in registers.
class Finish {
 public:
  // Outputs from `column` on; the table's first pixel is output pixel `first`.
  HWY_INLINE Finish(const Layer& layer, const Tile& tile, size_t first, size_t rows, size_t column)
      : layer_(layer),
        o_(layer.output),
        tile_(tile),
        rows_(rows),
        pixel_(first + tile.pixel),
        column_(column),
        count_(std::min(kLanes, layer.shape.out_channels - column_)) {}

  HWY_INLINE void run(const Counts& counts) {
    make_dots(counts);
    if (!layer_.weights.tap_ones.empty()) leave_out_outside();
    scale();
    if (o_.add) add();
    if (o_.slope) slope();
    if (o_.add || o_.slope || o_.clamp.limits()) clamp();
    if (o_.out) write();
    if (o_.signs) write_signs();
  }

 private:
  using V = hn::Vec<FloatTag>;

  HWY_INLINE void make_dots(const Counts& counts) {
    const hn::RebindToSigned<FloatTag> integers;
    const size_t lane = column_ % kPanelWidth;
    const V two = hn::Set(d_, 2.0f),
            all = hn::Set(d_, static_cast<float>(layer_.weights.channels * layer_.weights.taps));
    HWY_UNROLL(8)
    for (size_t r = 0; r < kCountRows; ++r) {
      const V differ = hn::ConvertTo(d_, hn::BitCast(integers, hn::Load(WordTag(), counts.at[r] + lane)));
      y_[r] = hn::NegMulAdd(two, differ, all);
    }
  }

  // Taps beside the image were read as zeros, so they differed where the weight is +1 and added the number of
  // -1 less that of +1. Without that they add exactly 0.
  HWY_INLINE void leave_out_outside() {
    const BinaryWeights& weights = layer_.weights;
    const float* ones =
        weights.tap_ones.data() + column_ / kPanelWidth * weights.taps * kPanelWidth + column_ % kPanelWidth;
    const V two = hn::Set(d_, 2.0f), channels = hn::Set(d_, static_cast<float>(weights.channels));
    HWY_UNROLL(8)
    for (size_t r = 0; r < kCountRows; ++r) {
      if (r >= rows_ || tile_.table.inside(tile_.pixel + r) == weights.taps) continue;
      V dot = y_[r];
      for (const uint32_t tap : tile_.table.outside(tile_.pixel + r))
        dot = hn::Add(dot, hn::MulSub(two, hn::Load(d_, ones + tap * kPanelWidth), channels));
      y_[r] = dot;
    }
  }

  HWY_INLINE void scale() {
    const V scale = parameter(o_.scale, 1), shift = parameter(o_.shift, 0);
    HWY_UNROLL(8)
    for (size_t r = 0; r < kCountRows; ++r) {
      const V factor = o_.k && r < rows_ ? hn::Mul(scale, hn::Set(d_, o_.k[pixel_ + r])) : scale;
      y_[r] = hn::MulAdd(y_[r], factor, shift);
    }
  }

  HWY_INLINE void add() {
    const float* from = o_.add + pixel_ * o_.add_stride + column_;
    HWY_UNROLL(8)
    for (size_t r = 0; r < kCountRows; ++r)
      if (r < rows_) y_[r] = hn::Add(y_[r], load_first(d_, from + r * o_.add_stride, count_));
  }

  HWY_INLINE void slope() {
    const V slope = parameter(o_.slope, 1);
    HWY_UNROLL(8)
    for (size_t r = 0; r < kCountRows; ++r)
      y_[r] = hn::IfThenElse(hn::Lt(y_[r], hn::Zero(d_)), hn::Mul(y_[r], slope), y_[r]);
  }

  HWY_INLINE void clamp() {
    const V low = hn::Set(d_, o_.clamp.low), high = hn::Set(d_, o_.clamp.high);
    HWY_UNROLL(8)
    for (size_t r = 0; r < kCountRows; ++r) y_[r] = limited(y_[r], low, high);
  }

  HWY_INLINE void write() const {
    float* to = o_.out + pixel_ * o_.out_stride + column_;
    HWY_UNROLL(8)
    for (size_t r = 0; r < kCountRows; ++r)
      if (r < rows_) store_first(y_[r], d_, to + r * o_.out_stride, count_);
  }

  // Vectors come in the order of their columns, so that the first one of a word clears it.
  HWY_INLINE void write_signs() const {
    const V scale = parameter(o_.sign_scale, 1), shift = parameter(o_.sign_shift, 0);
    const size_t words = sign_words(layer_.shape.out_channels), at = column_ % 64;
    const uint64_t used = (uint64_t{1} << count_) - 1;
    uint64_t* to = o_.signs + pixel_ * words + column_ / 64;
    HWY_UNROLL(8)
    for (size_t r = 0; r < kCountRows; ++r, to += words) {
      if (r >= rows_) break;
      uint8_t bytes[8] = {};
      hn::StoreMaskBits(d_, hn::Ge(hn::MulAdd(y_[r], scale, shift), hn::Zero(d_)), bytes);
      uint64_t bits;
      std::memcpy(&bits, bytes, sizeof(bits));
      *to = (at ? *to : 0) | (bits & used) << at;
    }
  }

  HWY_INLINE V parameter(const float* values, float usual) const {
    return values ? load_first(d_, values + column_, count_) : hn::Set(d_, usual);
  }

  const FloatTag d_{};
  const Layer& layer_;
  const BinaryOutput& o_;
  const Tile& tile_;
  const size_t rows_, pixel_, column_, count_;
  V y_[kCountRows];
};

HWY_NOINLINE void finish_tile(const Layer& layer, const Tile& tile, size_t first, size_t rows, size_t strip,
                              const Counts& counts) {
  const size_t columns = layer.shape.out_channels - strip * kPanelWidth;
  for (size_t lane = 0; lane < std::min(kPanelWidth, columns); lane += kLanes)
    Finish(layer, tile, first, rows, strip * kPanelWidth + lane).run(counts);
}

void run_binary_conv(const ConvShape& shape, const BinaryWeights& weights, const uint64_t* in,
                     const BinaryOutput& output, const ConvPart& part, float* scratch) {
  if (NETSUKE_NEVER_RUNS) return;
  const Layer layer{shape, weights, output};
  TapTable<uint64_t> table(shape, {in, sign_words(shape.channels), weights.no_signs.data()}, scratch);
  const size_t first_strip = weights.strips_before(part.first_panel),
               last_strip = weights.strips_before(part.last_panel);
  Counts counts;
  std::fill_n(counts.at[0], kCountRows * kPanelWidth, 0u);
  in_even_pieces(part.first_pixel, part.last_pixel, kTapPixels, [&](size_t first, size_t count) {
    table.find(first, count);
    for (size_t strip = first_strip; strip < last_strip; ++strip) {
      const size_t columns = shape.out_channels - strip * kPanelWidth;
      in_even_pieces(0, count, kCountRows, [&](size_t pixel, size_t rows) {
        const Tile tile{table, pixel, weights.pieces()};
        count::tile_for(rows, columns)(tile, weights.strip(strip), counts);
        finish_tile(layer, tile, first, rows, strip, counts);
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

HWY_EXPORT(run_binary_conv);

size_t binary_conv_scratch(const ConvShape& shape) { return TapTable<uint64_t>::scratch(shape); }

void binary_conv(const ConvShape& shape, const BinaryWeights& weights, const uint64_t* in,
                 const BinaryOutput& output, const ConvPart& part, float* scratch) {
  if (scalar_only()) return binary_conv_scalar(shape, weights, in, output, part);
  HWY_DYNAMIC_DISPATCH(run_binary_conv)(shape, weights, in, output, part, scratch);
}

}  // namespace netsuke::kernels
#endif  // HWY_ONCE
