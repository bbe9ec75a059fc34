#include "kernels/sparse/sparse_tiles.h"

#include <algorithm>

#include "kernels/simd.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/sparse/sparse_tiles.cpp"
#include <hwy/foreach_target.h>
// Must come after foreach_target.h.
#include "kernels/gemm/tables-inl.h"

HWY_BEFORE_NAMESPACE();
namespace netsuke::kernels::HWY_NAMESPACE {
namespace {  // names of this file only: other files have theirs in the same HWY_NAMESPACE

using T = SparseTiles;

#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3

constexpr size_t kInputTables = T::kColumns / Table::kValues;
static_assert(kLanes == T::kLanes);

// The sums of one vector of rows of a tile.
template <size_t kTables>
HWY_INLINE hn::Vec<FloatTag> lane_sums(const Tables<kInputTables>& inputs, const Tables<kTables>& values,
                                       const uint16_t* entries, const uint16_t* counts) {
  const FloatTag d;
  const hn::Rebind<uint16_t, FloatTag> entry_tag;
  const size_t steps = counts[0], whole = counts[kLanes - 1];
  hn::Vec<FloatTag> sum = hn::Zero(d);
  size_t step = 0;
  for (; step < whole; ++step, entries += kLanes) {
    const auto entry = hn::PromoteTo(CodeTag(), hn::LoadU(entry_tag, entries));
    sum = hn::MulAdd(values.at(hn::ShiftRight<8>(entry)), inputs.at(entry), sum);
  }
  // Rows that have ended have nothing to add.
  for (size_t lanes = kLanes; step < steps; ++step, entries += kLanes) {
    while (counts[lanes - 1] <= step) --lanes;
    const auto entry = hn::PromoteTo(CodeTag(), hn::LoadU(entry_tag, entries));
    const auto value = hn::IfThenElseZero(hn::FirstN(d, lanes), values.at(hn::ShiftRight<8>(entry)));
    sum = hn::MulAdd(value, inputs.at(entry), sum);
  }
  return sum;
}

// Adds one tile's products to the sums of its block's rows.
template <size_t kTables>
HWY_INLINE void add_tile(const T& w, const Tables<kTables>& values, size_t tile, const float* x,
                         size_t columns, float* sums) {
  Tables<kInputTables> inputs;
  if (columns == T::kColumns) {
    inputs.load(x);
  } else {
    HWY_ALIGN float padded[T::kColumns] = {};
    std::copy_n(x, columns, padded);
    inputs.load(padded);
  }
  const uint16_t *order = w.order.data() + tile * T::kRows, *counts = w.counts.data() + tile * T::kRows;
  const uint16_t* entries = w.entries.data() + size_t{w.starts[tile]} * kLanes;
  for (size_t lane = 0; lane < T::kRows && counts[lane] > 0; lane += kLanes) {
    HWY_ALIGN float of_lanes[kLanes];
    hn::Store(lane_sums(inputs, values, entries, counts + lane), FloatTag(), of_lanes);
    for (size_t i = 0; i < kLanes; ++i) sums[order[lane + i]] += of_lanes[i];
    entries += size_t{counts[lane]} * kLanes;
  }
}

template <size_t kTables>
void run_blocks(const T& w, const float* x, size_t x_stride, size_t m, float* y, size_t y_stride, Clamp clamp,
                size_t first_block, size_t last_block) {
  Tables<kTables> values;
  values.load(w.centroids.data());
  const size_t column_tiles = w.column_tiles();
  for (size_t block = first_block; block < last_block; ++block) {
    const size_t first = block * T::kRows, count = std::min(T::kRows, w.rows - first);
    for (size_t image = 0; image < m; ++image) {
      HWY_ALIGN float sums[T::kRows] = {};
      std::copy_n(w.bias.data() + first, count, sums);
      for (size_t t = 0; t < column_tiles; ++t) {
        const size_t column = t * T::kColumns;
        add_tile(w, values, block * column_tiles + t, x + image * x_stride + column,
                 std::min(T::kColumns, w.columns - column), sums);
      }
      for (size_t row = 0; row < count; ++row) y[image * y_stride + first + row] = clamp(sums[row]);
    }
  }
}

void run_sparse_tiles(const T& w, const float* x, size_t x_stride, size_t m, float* y, size_t y_stride,
                      Clamp clamp, size_t first_block, size_t last_block) {
  const auto run = w.distinct <= Table::kValues       ? run_blocks<1>
                   : w.distinct <= 2 * Table::kValues ? run_blocks<2>
                                                      : run_blocks<8>;
  run(w, x, x_stride, m, y, y_stride, clamp, first_block, last_block);
}

#else

void run_sparse_tiles(const T& w, const float* x, size_t x_stride, size_t m, float* y, size_t y_stride,
                      Clamp clamp, size_t first_block, size_t last_block) {
  sparse_tiles_scalar(w, x, x_stride, m, y, y_stride, clamp, first_block, last_block);
}

#endif

}  // namespace
}  // namespace netsuke::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include "kernels/cpu.h"
#include "kernels/sparse/sparse_rows.h"

namespace netsuke::kernels {

HWY_EXPORT(run_sparse_tiles);

bool tiles_beat_gathers() {
  // What the lookup of an input takes, and of its value, as far as gathers of sparse_rows do not hide it.
  constexpr double kLookupNs = 0.12;
  return cpu_level().starts_with("avx512") && gather_nanoseconds() > kLookupNs;
}

void sparse_tiles(const SparseTiles& w, const float* x, size_t x_stride, size_t m, float* y, size_t y_stride,
                  Clamp clamp, size_t first_block, size_t last_block) {
  if (scalar_only())
    return sparse_tiles_scalar(w, x, x_stride, m, y, y_stride, clamp, first_block, last_block);
  HWY_DYNAMIC_DISPATCH(run_sparse_tiles)(w, x, x_stride, m, y, y_stride, clamp, first_block, last_block);
}

}  // namespace netsuke::kernels
#endif  // HWY_ONCE
