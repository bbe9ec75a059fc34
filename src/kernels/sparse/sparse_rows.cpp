#include "kernels/sparse/sparse_rows.h"

#include <algorithm>
#include <chrono>

#include "kernels/simd.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/sparse/sparse_rows.cpp"
#include <hwy/foreach_target.h>
// Must come after foreach_target.h.
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace netsuke::kernels::HWY_NAMESPACE {
namespace {  // names of this file only: other files have theirs in the same HWY_NAMESPACE

namespace hn = hwy::HWY_NAMESPACE;

using FloatTag = hn::ScalableTag<float>;
using IndexTag = hn::RebindToSigned<FloatTag>;
using EntryTag = hn::Rebind<uint16_t, FloatTag>;
using V = hn::Vec<FloatTag>;
using Index = hn::Vec<IndexTag>;
constexpr size_t kLanes = hn::MaxLanes(FloatTag());

// Values that entries share, at most 2 * kLanes of them: looked up in two registers.
struct Few {
  V low, high;
  Index mask, lanes;
  int code_bits;

  HWY_INLINE explicit Few(const SparseRows& w)
      : low(hn::Load(FloatTag(), w.centroids.data())),
        high(hn::Load(FloatTag(), w.centroids.data() + kLanes)),
        mask(hn::Set(IndexTag(), (1 << w.code_bits) - 1)),
        lanes(hn::Set(IndexTag(), static_cast<int32_t>(kLanes))),
        code_bits(static_cast<int>(w.code_bits)) {}

  HWY_INLINE Index gap(Index entry) const { return hn::ShiftRightSame(entry, code_bits); }
  HWY_INLINE V value(Index entry, size_t) const {
    const Index code = hn::And(entry, mask);
    const Index at = hn::AndNot(lanes, code);
    const auto indices = hn::IndicesFromVec(FloatTag(), at);
    const auto upper = hn::RebindMask(FloatTag(), hn::Ne(code, at));
    return hn::IfThenElse(upper, hn::TableLookupLanes(high, indices), hn::TableLookupLanes(low, indices));
  }
};

// More of them.
struct Many {
  const float* centroids;
  Index mask;
  int code_bits;

  HWY_INLINE explicit Many(const SparseRows& w)
      : centroids(w.centroids.data()),
        mask(hn::Set(IndexTag(), (1 << w.code_bits) - 1)),
        code_bits(static_cast<int>(w.code_bits)) {}

  HWY_INLINE Index gap(Index entry) const { return hn::ShiftRightSame(entry, code_bits); }
  HWY_INLINE V value(Index entry, size_t) const {
    return hn::GatherIndex(FloatTag(), centroids, hn::And(entry, mask));
  }
};

// Entries with values of their own.
struct Own {
  const float* values;

  HWY_INLINE explicit Own(const SparseRows& w) : values(w.values.data()) {}

  HWY_INLINE Index gap(Index entry) const { return entry; }
  HWY_INLINE V value(Index, size_t at) const { return hn::Load(FloatTag(), values + at); }
};

// The sums of one slice.
template <class Values>
HWY_INLINE V slice_sums(const SparseRows& w, const Values& values, size_t slice, const float* x) {
  const IndexTag index;
  const uint32_t* counts = w.counts.data() + slice * kLanes;
  const size_t steps = counts[0], whole = counts[kLanes - 1];
  Index column = hn::Zero(index);
  V sum = hn::Zero(FloatTag());
  size_t at = size_t{w.starts[slice]} * kLanes;
  const auto product = [&](V& value) HWY_ATTR {
    const Index entry = hn::PromoteTo(index, hn::LoadU(EntryTag(), w.entries.data() + at));
    column = hn::Add(column, values.gap(entry));
    value = values.value(entry, at);
    at += kLanes;
    return hn::GatherIndex(FloatTag(), x, column);
  };
  V value;
  for (size_t step = 0; step < whole; ++step) {
    const V input = product(value);
    sum = hn::MulAdd(value, input, sum);
  }
  // Rows that have ended stay at their last column, with a value that does not count.
  size_t lanes = kLanes;
  for (size_t step = whole; step < steps; ++step) {
    while (counts[lanes - 1] <= step) --lanes;
    const V input = product(value);
    sum = hn::MulAdd(hn::IfThenElseZero(hn::FirstN(FloatTag(), lanes), value), input, sum);
  }
  return sum;
}

template <class Values>
void run_slices(const SparseRows& w, const float* x, size_t x_stride, size_t m, float* y, size_t y_stride,
                Clamp clamp, size_t first_slice, size_t last_slice) {
  const Values values(w);
  for (size_t slice = first_slice; slice < last_slice; ++slice) {
    const uint32_t* order = w.order.data() + slice * kLanes;
    for (size_t image = 0; image < m; ++image) {
      HWY_ALIGN float sums[kLanes];
      hn::Store(slice_sums(w, values, slice, x + image * x_stride), FloatTag(), sums);
      for (size_t lane = 0; lane < kLanes && order[lane] < w.rows; ++lane)
        y[image * y_stride + order[lane]] = clamp(sums[lane] + w.bias[order[lane]]);
    }
  }
}

void run_sparse_rows(const SparseRows& w, const float* x, size_t x_stride, size_t m, float* y,
                     size_t y_stride, Clamp clamp, size_t first_slice, size_t last_slice) {
  if (NETSUKE_NEVER_RUNS) return;
  const auto run = w.centroids.empty()                     ? run_slices<Own>
                   : size_t{1} << w.code_bits > 2 * kLanes ? run_slices<Many>
                                                           : run_slices<Few>;
  run(w, x, x_stride, m, y, y_stride, clamp, first_slice, last_slice);
}

size_t lanes() { return kLanes; }

// Nanoseconds that a gathered float takes, from the first-level cache.
double gather_ns() {
  using Clock = std::chrono::steady_clock;
  constexpr size_t kFloats = 1024, kRounds = 256;
  HWY_ALIGN float values[kFloats] = {};
  const IndexTag index;
  const auto start = Clock::now();
  V sum = hn::Zero(FloatTag());
  for (size_t round = 0; round < kRounds; ++round) {
    const auto step = static_cast<int32_t>(round % 31 + 1);
    sum =
        hn::Add(sum, hn::GatherIndex(FloatTag(), values, hn::Mul(hn::Iota(index, 0), hn::Set(index, step))));
  }
  hn::Store(sum, FloatTag(), values);
  const volatile float used = values[0];
  static_cast<void>(used);
  const double ns = std::chrono::duration<double, std::nano>(Clock::now() - start).count();
  return ns / static_cast<double>(kRounds * kLanes);
}

}  // namespace
}  // namespace netsuke::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include "kernels/cpu.h"

namespace netsuke::kernels {

HWY_EXPORT(run_sparse_rows);
HWY_EXPORT(lanes);
HWY_EXPORT(gather_ns);

size_t sparse_rows_lanes() { return scalar_only() ? 1 : HWY_DYNAMIC_DISPATCH(lanes)(); }

double gather_nanoseconds() {
  // The first tries find a processor that has just been woken up.
  constexpr int kTries = 1000;
  constexpr double kFastest = 0.1;
  static const double best = [] {
    double ns = HWY_DYNAMIC_DISPATCH(gather_ns)();
    for (int i = 0; i < kTries && ns >= kFastest; ++i) ns = std::min(ns, HWY_DYNAMIC_DISPATCH(gather_ns)());
    return ns;
  }();
  return best;
}

bool gathers_fast() {
  // sparse_linear takes 0.3 to 0.9 ns a weight, depending on how many inputs are zero.
  constexpr double kFastNs = 0.5;
  return sparse_rows_lanes() >= 8 && gather_nanoseconds() < kFastNs;
}

void sparse_rows_scalar(const SparseRows& w, const float* x, size_t x_stride, size_t m, float* y,
                        size_t y_stride, Clamp clamp, size_t first_slice, size_t last_slice) {
  for (size_t lane = first_slice * w.lanes; lane < last_slice * w.lanes; ++lane) {
    const size_t row = w.order[lane];
    for (size_t image = 0; row < w.rows && image < m; ++image) {
      size_t at = w.starts[lane / w.lanes] * w.lanes + lane % w.lanes, column = 0;
      float sum = 0;
      for (size_t i = 0; i < w.counts[lane]; ++i, at += w.lanes) {
        column += size_t{w.entries[at]} >> w.code_bits;
        const size_t code = w.entries[at] & ((size_t{1} << w.code_bits) - 1);
        sum += (w.centroids.empty() ? w.values[at] : w.centroids[code]) * x[image * x_stride + column];
      }
      y[image * y_stride + row] = clamp(sum + w.bias[row]);
    }
  }
}

void sparse_rows(const SparseRows& w, const float* x, size_t x_stride, size_t m, float* y, size_t y_stride,
                 Clamp clamp, size_t first_slice, size_t last_slice) {
  if (scalar_only())
    return sparse_rows_scalar(w, x, x_stride, m, y, y_stride, clamp, first_slice, last_slice);
  HWY_DYNAMIC_DISPATCH(run_sparse_rows)(w, x, x_stride, m, y, y_stride, clamp, first_slice, last_slice);
}

}  // namespace netsuke::kernels
#endif  // HWY_ONCE
