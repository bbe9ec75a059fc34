#include "kernels/sparse/sparse_linear.h"

#include <algorithm>

#include "kernels/simd.h"

// Nothing here is a vector, but with multiply-add instructions an entry takes one instruction less.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/sparse/sparse_linear.cpp"
#include <hwy/foreach_target.h>
// Must come after foreach_target.h.
#include <hwy/cache_control.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace netsuke::kernels::HWY_NAMESPACE {
namespace {  // names of this file only: other files have theirs in the same HWY_NAMESPACE

// Columns whose inputs are looked at together: the zeros among them are then left out without branches, which
// would be mispredicted half of the time.
constexpr size_t kChunk = 256;

// Where a quarter of a chunk's columns are left out, the entries of the used column so many ahead are asked
// for: the processor follows a stream by itself, but not over holes.
constexpr size_t kAhead = 2;

// All cache lines of items [first, last).
template <class Item>
HWY_INLINE void prefetch(const Item* items, size_t first, size_t last) {
  constexpr size_t kItems = kCacheLine / sizeof(Item);
  for (size_t i = first / kItems * kItems; i < last; i += kItems) hwy::Prefetch(items + i);
}

// Values of entries that share them.
template <class Entry>
struct Coded {
  const Entry* entries;
  const float* centroids;
  unsigned code_bits;

  size_t gap(size_t i) const { return size_t{entries[i]} >> code_bits; }
  float value(size_t i) const { return centroids[entries[i] & ((size_t{1} << code_bits) - 1)]; }
  void fetch(size_t first, size_t last) const { prefetch(entries, first, last); }
};

// Values of entries that have one each.
struct Plain {
  const uint16_t* entries;
  const float* values;

  size_t gap(size_t i) const { return entries[i]; }
  float value(size_t i) const { return values[i]; }
  void fetch(size_t first, size_t last) const {
    prefetch(entries, first, last);
    prefetch(values, first, last);
  }
};

// y[rows] += column * x. A column's entries lie in different rows, so that four can be under way at once.
template <class Entries>
HWY_INLINE void add_column(const Entries entries, size_t first, size_t last, float x, float* HWY_RESTRICT y) {
  size_t i = first;
  for (; i + 4 <= last; i += 4) {
    float* y0 = y + entries.gap(i);
    float* y1 = y0 + entries.gap(i + 1);
    float* y2 = y1 + entries.gap(i + 2);
    float* y3 = y2 + entries.gap(i + 3);
    const float sum0 = *y0 + x * entries.value(i), sum1 = *y1 + x * entries.value(i + 1),
                sum2 = *y2 + x * entries.value(i + 2), sum3 = *y3 + x * entries.value(i + 3);
    *y0 = sum0, *y1 = sum1, *y2 = sum2, *y3 = sum3;
    y = y3;
  }
  for (; i < last; ++i) {
    y += entries.gap(i);
    *y += x * entries.value(i);
  }
}

// One block and one input: y, which holds the bias, += W x.
template <class Entries>
void add_block(const Entries entries, const uint32_t* starts, size_t columns, const float* x, float* y) {
  uint32_t used[kChunk];
  for (size_t first = 0; first < columns; first += kChunk) {
    const size_t end = std::min(columns, first + kChunk);
    size_t count = 0;
    for (size_t column = first; column < end; ++column) {
      used[count] = static_cast<uint32_t>(column);
      count += x[column] != 0.0f;
    }
    const bool holes = 4 * count < 3 * (end - first);
    for (size_t i = 0; i < count; ++i) {
      const size_t column = used[i], ahead = used[std::min(i + kAhead, count - 1)];
      if (holes) entries.fetch(starts[ahead], starts[ahead + 1]);
      add_column(entries, starts[column], starts[column + 1], x[column], y);
    }
  }
}

void run_sparse_linear(const SparseLinear& w, const float* x, size_t x_stride, size_t m, float* y,
                       size_t y_stride, Clamp clamp, size_t first_block, size_t last_block) {
  if (NETSUKE_NEVER_RUNS) return;
  for (size_t block = first_block; block < last_block; ++block) {
    const size_t row = block * w.block_rows, rows = std::min(w.block_rows, w.rows - row);
    const uint32_t* starts = w.starts.data() + block * (w.columns + 1);
    for (size_t image = 0; image < m; ++image) {
      const float* from = x + image * x_stride;
      float* to = y + image * y_stride + row;
      std::copy_n(w.bias.data() + row, rows, to);
      if (!w.values.empty())
        add_block(Plain{w.narrow.data(), w.values.data()}, starts, w.columns, from, to);
      else if (w.wide.empty())
        add_block(Coded<uint16_t>{w.narrow.data(), w.centroids.data(), w.code_bits}, starts, w.columns, from,
                  to);
      else
        add_block(Coded<uint32_t>{w.wide.data(), w.centroids.data(), w.code_bits}, starts, w.columns, from,
                  to);
      if (clamp.limits()) std::transform(to, to + rows, to, clamp);
    }
  }
}

}  // namespace
}  // namespace netsuke::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include "kernels/cpu.h"

namespace netsuke::kernels {

HWY_EXPORT(run_sparse_linear);

void sparse_linear(const SparseLinear& weights, const float* x, size_t x_stride, size_t m, float* y,
                   size_t y_stride, Clamp clamp, size_t first_block, size_t last_block) {
  if (scalar_only())
    return sparse_linear_scalar(weights, x, x_stride, m, y, y_stride, clamp, first_block, last_block);
  HWY_DYNAMIC_DISPATCH(run_sparse_linear)
  (weights, x, x_stride, m, y, y_stride, clamp, first_block, last_block);
}

}  // namespace netsuke::kernels
#endif  // HWY_ONCE
