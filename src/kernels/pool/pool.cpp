#include "kernels/pool/pool.h"

#include <algorithm>
#include <limits>

#include "kernels/simd.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/pool/pool.cpp"
#include <hwy/foreach_target.h>
// Must come after foreach_target.h.
#include <hwy/highway.h>

#include "kernels/pool/pool_window.h"

HWY_BEFORE_NAMESPACE();
namespace netsuke::kernels::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using FloatTag = hn::ScalableTag<float>;
using V = hn::Vec<FloatTag>;

// A pool is computed in two passes, since its window is a rectangle: first over the rows under it, then over
// the columns. The values between the passes are one padded row.

struct Largest {
  static constexpr float kNone = -std::numeric_limits<float>::infinity();
  static HWY_INLINE V join(V a, V b) { return hn::Max(a, b); }
  static float join(float a, float b) { return std::max(a, b); }
};

struct Sum {
  static constexpr float kNone = 0;
  static HWY_INLINE V join(V a, V b) { return hn::Add(a, b); }
  static float join(float a, float b) { return a + b; }
};

template <class Join>
void join_row(const float* HWY_RESTRICT in, size_t count, float* HWY_RESTRICT row) {
  const FloatTag d;
  const size_t lanes = hn::Lanes(d);
  size_t x = 0;
  for (; x + lanes <= count; x += lanes)
    hn::StoreU(Join::join(hn::LoadU(d, row + x), hn::LoadU(d, in + x)), d, row + x);
  for (; x < count; ++x) row[x] = Join::join(row[x], in[x]);
}

// `lanes` values of `row`, a constant step apart.
HWY_INLINE V load_stepped(const float* HWY_RESTRICT row, size_t step) {
  const FloatTag d;
  if (step == 1) return hn::LoadU(d, row);
  if (step == 2) {
    V even, odd;
    hn::LoadInterleaved2(d, row, even, odd);
    return even;
  }
  alignas(64) float values[hn::MaxLanes(FloatTag())];
  for (size_t i = 0; i < hn::Lanes(d); ++i) values[i] = row[i * step];
  return hn::Load(d, values);
}

template <class Join>
void join_columns(const PoolShape& shape, const float* HWY_RESTRICT row, float* HWY_RESTRICT out) {
  const FloatTag d;
  for (size_t x = 0; x < shape.out_width; x += hn::Lanes(d)) {
    const float* from = row + x * shape.stride_w;
    V joined = load_stepped(from, shape.stride_w);
    for (size_t k = 1; k < shape.kernel_w; ++k)
      joined = Join::join(joined, load_stepped(from + k, shape.stride_w));
    hn::StoreU(joined, d, out + x);
  }
}

// Calls finish(out_y, row of joined values) for every output row of one plane. Both scratch rows are long
// enough for whole vectors; see pool_scratch.
template <class Join, class FinishRow>
void pool_plane(const PoolShape& shape, const float* in, float* scratch, FinishRow&& finish) {
  const size_t padded = padded_row(shape), covered = std::min(shape.width, padded - shape.pad_left);
  float* joined = scratch + padded + kRowSlack * shape.stride_w;
  std::fill(scratch, joined, Join::kNone);
  for (size_t y = 0; y < shape.out_height; ++y) {
    const Span rows = window_span(y, shape.stride_h, shape.kernel_h, shape.pad_top, shape.height);
    std::fill_n(scratch + shape.pad_left, covered, Join::kNone);
    for (size_t r = rows.first; r < rows.last; ++r)
      join_row<Join>(in + r * shape.width, covered, scratch + shape.pad_left);
    join_columns<Join>(shape, scratch, joined);
    finish(y, joined);
  }
}

void run_max_pool(const PoolShape& shape, size_t planes, const float* in, float* out, float* scratch) {
  for (size_t p = 0; p < planes; ++p) {
    pool_plane<Largest>(shape, in + p * shape.height * shape.width, scratch,
                        [&](size_t, const float* row) { out = std::copy_n(row, shape.out_width, out); });
  }
}

void run_avg_pool(const PoolShape& shape, size_t planes, const float* in, float* out, float* scratch) {
  for (size_t p = 0; p < planes; ++p) {
    pool_plane<Sum>(shape, in + p * shape.height * shape.width, scratch, [&](size_t y, const float* row) {
      for (size_t x = 0; x < shape.out_width; ++x) *out++ = row[x] / window_area(shape, y, x);
    });
  }
}

}  // namespace netsuke::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include "kernels/cpu.h"

namespace netsuke::kernels {

HWY_EXPORT(run_max_pool);
HWY_EXPORT(run_avg_pool);

size_t pool_scratch(const PoolShape& shape) {
  return padded_row(shape) + kRowSlack * shape.stride_w + shape.out_width + kRowSlack;
}

void max_pool(const PoolShape& shape, size_t planes, const float* in, float* out, float* scratch) {
  if (scalar_only()) return max_pool_scalar(shape, planes, in, out);
  HWY_DYNAMIC_DISPATCH(run_max_pool)(shape, planes, in, out, scratch);
}

void avg_pool(const PoolShape& shape, size_t planes, const float* in, float* out, float* scratch) {
  if (scalar_only()) return avg_pool_scalar(shape, planes, in, out);
  HWY_DYNAMIC_DISPATCH(run_avg_pool)(shape, planes, in, out, scratch);
}

}  // namespace netsuke::kernels
#endif  // HWY_ONCE
