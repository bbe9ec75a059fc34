#include "runtime/conv_cost.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "base/text.h"
#include "kernels/cpu.h"
#include "kernels/sparse/sparse_conv.h"
#include "kernels/sparse/sparse_rows.h"
#include "kernels/winograd/winograd.h"

namespace netsuke::runtime {
namespace {

// Nanoseconds of one core.
struct Factors {
  double dense_mac;     // of a matrix product
  double sparse_mac;    // of a kept weight
  double gather;        // of bringing one input under a window, or one output back
  double list;          // of an output's kept weights in a block of rows, for a tile of pixels
  double transform[3];  // of one number of a transformed tile, for F(2), F(4), F(6)
  double weight_byte;   // of a weight that comes from beyond the second-level cache
  double memory_byte;   // and of one that comes from memory, among other layers' of which each is read once
  double hidden;        // how much of the shorter of computing and fetching weights the longer one hides
  double memory_weight, cache_weight;  // of a linear layer's, from memory and from caches
  double sparse_weight;                // of a sparse one's
  double codes[3];                     // of one that is a code, see CodesTimes
};

// 104 thousand million float operations a second in multiply-adds (Zen 3). `memory_byte` and what sparse
// convolutions take are a Zen 5's, here and below, as multiples of what its products take.
constexpr Factors kAvx2{2.0 / 90, 0.03, 0.13, 2.8, {0.35, 0.4, 0.5}, 1.0 / 30, 1.0 / 12,
                        0,        0.2,  0.06, 0.6, {0.1, 0.4, 0.4}};
// 179 thousand million (Sapphire Rapids).
constexpr Factors kAvx512{2.0 / 140, 0.024, 0.125, 2.6,  {0.12, 0.2, 0.33}, 1.0 / 27, 1.0 / 12,
                          0.6,       0.2,   0.06,  0.25, {0.05, 0.06, 0.15}};

const Factors& factors() { return kernels::cpu_level().starts_with("avx512") ? kAvx512 : kAvx2; }

constexpr double kCacheBytes = 400e3;  // weights of so many bytes are read from beyond the second-level cache
constexpr double kMemoryBytes = 16e6;  // and of so many from memory
constexpr double kSparseColumn = 1;    // ns of looking at a sparse layer's input

// Output channels as a matrix product computes them: in whole vectors, of each group.
double computed_channels(const kernels::ConvShape& s) {
  const size_t vector = std::max<size_t>(kernels::panel_columns() / 2, 1), each = s.out_channels / s.groups;
  const size_t vectors = s.groups * ((each + vector - 1) / vector);
  return static_cast<double>(vectors * vector);
}

// What a dense kernel does for an image.
struct DenseWork {
  double macs = 0;
  double weight_bytes = 0, passes = 0;  // over the weights
  double transform_ns = 0;
};

DenseWork direct_work(const kernels::ConvShape& s) {
  const auto pixels = static_cast<double>(s.out_plane());
  const double weights = static_cast<double>(s.depth()) * computed_channels(s);
  return {pixels * weights, 4 * weights, std::ceil(pixels / static_cast<double>(kernels::kProductRows)), 0};
}

DenseWork winograd_work(const kernels::ConvShape& s, size_t m) {
  const size_t count = kernels::winograd_tiles(s, m);
  const auto tiles = static_cast<double>(count);
  const auto places = static_cast<double>((m + 2) * (m + 2));
  const double weights = places * static_cast<double>(s.channels) * computed_channels(s);
  const auto channels = static_cast<double>(s.channels + s.out_channels);
  const auto block = static_cast<double>(kernels::winograd_block(s, m, count));
  return {tiles * weights, 4 * weights, std::ceil(tiles / block),
          tiles * places * channels * factors().transform[m / 2 - 1]};
}

bool fits(const kernels::ConvShape& s, ConvKernel kernel) {
  return kernel == ConvKernel::direct || kernels::winograd_fits(s, winograd_tile(kernel));
}

DenseWork work_of(const kernels::ConvShape& s, ConvKernel kernel) {
  return kernel == ConvKernel::direct ? direct_work(s) : winograd_work(s, winograd_tile(kernel));
}

// Of the first pass over the weights, and of one that follows.
double first_pass_ns(const DenseWork& work, bool from_memory) {
  const double each = from_memory                       ? factors().memory_byte
                      : work.weight_bytes > kCacheBytes ? factors().weight_byte
                                                        : 0;
  return work.weight_bytes * each;
}

double estimate(const DenseWork& work, bool from_memory) {
  const double compute = work.macs * factors().dense_mac;
  const double fetch = first_pass_ns(work, from_memory) + (work.passes - 1) * first_pass_ns(work, false);
  return compute + fetch - factors().hidden * std::min(compute, fetch) + work.transform_ns;
}

SparseTime sparse_time(const kernels::ConvShape& s) {
  const auto pixels = static_cast<double>(s.out_plane());
  const auto moved = static_cast<double>(s.depth() * s.groups + s.out_channels);
  const size_t blocks = (s.depth() - 1) / kernels::kSparseBlockRows + 1;
  const auto lists = static_cast<double>(kernels::sparse_conv_tiles(s) * blocks * s.out_channels);
  return {pixels * moved * factors().gather + lists * factors().list, pixels * factors().sparse_mac};
}

ConvTimes estimate(const kernels::ConvShape& shape, bool from_memory) {
  ConvTimes times;
  for (size_t i = 0; i < kDenseKernels; ++i)
    if (const auto kernel = static_cast<ConvKernel>(i); fits(shape, kernel))
      times.dense[i] = estimate(work_of(shape, kernel), from_memory);
  times.sparse = sparse_time(shape);
  return times;
}

// What a kernel takes longer in a large network than by itself, as it was measured: there caches keep its
// weights from one run to the next, unless these are too many.
double longer_from_memory(const DenseWork& work) {
  if (work.weight_bytes > kMemoryBytes) return 0;
  return (1 - factors().hidden) * (first_pass_ns(work, true) - first_pass_ns(work, false));
}

// The share of `weights` at which the sparse kernel takes as long as the dense one.
double break_even(double dense_ns, const SparseTime& sparse, size_t weights) {
  if (sparse.each <= 0) return dense_ns > sparse.fixed ? 1 : 0;
  return std::clamp((dense_ns - sparse.fixed) / (sparse.each * static_cast<double>(weights)), 0.0, 1.0);
}

std::string per_cent(double share) { return std::to_string(std::lround(100 * share)) + " %"; }

}  // namespace

CostBasis cost_basis(const Graph& graph, const Timings* measured) {
  double bytes = 0;
  for (const Value& value : graph.values)
    if (value.weight) bytes += 4 * static_cast<double>(kept_count(*value.weight));
  return {measured, bytes > kMemoryBytes};
}

ConvTimes times_of(const kernels::ConvShape& shape, const CostBasis& basis) {
  const ConvTimes* found = basis.measured ? basis.measured->find(shape) : nullptr;
  if (!found) return estimate(shape, basis.from_memory);
  ConvTimes times = *found;
  for (size_t i = 0; i < kDenseKernels; ++i) {
    const auto kernel = static_cast<ConvKernel>(i);
    std::optional<double>& ns = times.dense[i];
    // They may be of another level, with kernels that this one does not have.
    if (!fits(shape, kernel)) ns = std::nullopt;
    if (ns && basis.from_memory) *ns += longer_from_memory(work_of(shape, kernel));
  }
  return times;
}

LinearTimes linear_times(size_t rows, size_t columns, const CostBasis& basis) {
  const LinearTimes* found = basis.measured ? basis.measured->find_linear(rows, columns) : nullptr;
  // A column without weights costs a look at its input.
  const auto weights = static_cast<double>(rows * columns);
  CodesTimes codes;
  for (size_t i = 0; i < codes.ns.size(); ++i) codes.ns[i] = weights * factors().codes[i];
  // Four registers of four lanes hold no 32 values.
  if (kernels::sparse_rows_lanes() < 8) codes.ns[0] = codes.ns[1];
  if (found) return {found->dense, found->sparse, found->codes.value_or(codes)};
  const bool from_memory = basis.from_memory || 4 * weights > kMemoryBytes;
  return {weights * (from_memory ? factors().memory_weight : factors().cache_weight),
          {kSparseColumn * static_cast<double>(columns), factors().sparse_weight},
          codes};
}

double fastest_dense(const ConvTimes& times) {
  double fastest = *times.dense[0];
  for (const std::optional<double>& ns : times.dense) fastest = std::min(fastest, ns.value_or(fastest));
  return fastest;
}

std::string_view kernel_name(ConvKernel kernel, const kernels::ConvShape& shape) {
  constexpr std::string_view kNames[] = {"conv", "winograd_2", "winograd_4", "winograd_6", "sparse_conv"};
  if (kernel == ConvKernel::direct && shape.is_pointwise()) return "conv_1x1";
  return kNames[static_cast<size_t>(kernel)];
}

std::vector<ConvCandidate> conv_candidates(const kernels::ConvShape& shape, size_t kept,
                                           const CostBasis& basis) {
  const ConvTimes times = times_of(shape, basis);
  std::vector<ConvCandidate> all;
  for (size_t kernel = 0; kernel < kDenseKernels; ++kernel)
    if (times.dense[kernel]) all.push_back({static_cast<ConvKernel>(kernel), *times.dense[kernel]});
  all.push_back({ConvKernel::sparse, times.sparse(static_cast<double>(kept))});
  std::stable_sort(all.begin(), all.end(),
                   [](const ConvCandidate& a, const ConvCandidate& b) { return a.ns < b.ns; });
  return all;
}

double sparse_break_even(const kernels::ConvShape& shape, const CostBasis& basis) {
  const ConvTimes times = times_of(shape, basis);
  return break_even(fastest_dense(times), times.sparse, shape.depth() * shape.out_channels);
}

double sparse_linear_break_even(size_t rows, size_t columns, std::optional<size_t> shared,
                                const CostBasis& basis) {
  const LinearTimes times = linear_times(rows, columns, basis);
  const double dense = shared ? std::min(times.dense, (*times.codes)(*shared)) : times.dense;
  return break_even(dense, times.sparse, rows * columns);
}

std::string refusal(std::string_view kernel, double zeros, double break_even) {
  return cat(kernel, " refused: ", per_cent(zeros), " zeros, break-even ", per_cent(1 - break_even));
}

size_t winograd_tile(ConvKernel kernel) { return 2 * static_cast<size_t>(kernel); }

std::string refusals(const kernels::ConvShape& shape, size_t kept, ConvKernel taken, const CostBasis& basis) {
  const std::vector<ConvCandidate> all = conv_candidates(shape, kept, basis);
  const std::string_view how =
      basis.measured && basis.measured->find(shape) ? " slower" : " slower by estimate";
  const double zeros =
      1 - static_cast<double>(kept) / static_cast<double>(shape.depth() * shape.out_channels);
  const auto chosen = std::find_if(all.begin(), all.end(),
                                   [&](const ConvCandidate& candidate) { return candidate.kernel == taken; });
  std::string text;
  for (const ConvCandidate& candidate : all) {
    if (candidate.kernel == taken) continue;
    text += text.empty() ? "" : "; ";
    const std::string_view name = kernel_name(candidate.kernel, shape);
    if (candidate.kernel == ConvKernel::sparse)
      text += refusal(name, zeros, sparse_break_even(shape, basis));
    else
      text += cat(name, " refused: ", per_cent(candidate.ns / chosen->ns - 1), how);
  }
  return text;
}

}  // namespace netsuke::runtime
