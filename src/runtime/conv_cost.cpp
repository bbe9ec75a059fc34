#include "runtime/conv_cost.h"

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "kernels/winograd/winograd.h"

namespace netsuke::runtime {
namespace {

// Nanoseconds on a core that does 104 thousand million float operations a second in multiply-adds (Zen 3,
// AVX2).
constexpr double kDenseMac = 2.0 / 90;   // of a matrix product
constexpr double kSparseMac = 2.0 / 67;  // of a kept weight
constexpr double kSparseGather = 0.45;   // of bringing one input under a window, or one output back
constexpr double kTransform[] = {0.35, 0.4,
                                 0.5};    // of one number of a transformed tile, for F(2), F(4), F(6)
constexpr double kWeightByte = 1.0 / 15;  // of a weight that comes from beyond the second-level cache
constexpr double kCacheBytes = 400e3;
constexpr double kMemoryWeight = 0.2,
                 kCacheWeight = 0.06;  // of a linear layer's, from memory and from caches
constexpr double kMemoryBytes = 16e6;
constexpr double kSparseWeight = 0.6, kSparseColumn = 1;  // of a sparse one's

double weight_ns(double bytes, double passes) {
  return bytes > kCacheBytes ? bytes * passes * kWeightByte / 2 : 0;
}

double direct_ns(const kernels::ConvShape& s) {
  const auto pixels = static_cast<double>(s.out_plane());
  const auto weights = static_cast<double>(s.depth() * s.out_channels);
  return pixels * weights * kDenseMac +
         weight_ns(4 * weights, std::ceil(pixels / static_cast<double>(kernels::kProductRows)));
}

double winograd_ns(const kernels::ConvShape& s, size_t m) {
  const auto tiles = static_cast<double>(kernels::winograd_tiles(s, m));
  const auto places = static_cast<double>((m + 2) * (m + 2));
  const double weights = places * static_cast<double>(s.channels * s.out_channels);
  const auto channels = static_cast<double>(s.channels + s.out_channels);
  const auto block = static_cast<double>(kernels::winograd_block(s, m));
  return tiles * weights * kDenseMac + tiles * places * channels * kTransform[m / 2 - 1] +
         weight_ns(4 * weights, std::ceil(tiles / block));
}

double sparse_ns(const kernels::ConvShape& s, double kept) {
  const auto pixels = static_cast<double>(s.out_plane());
  const auto moved = static_cast<double>(s.depth() * s.groups + s.out_channels);
  return pixels * (kept * kSparseMac + moved * kSparseGather);
}

std::vector<ConvCandidate> dense_candidates(const kernels::ConvShape& shape) {
  std::vector<ConvCandidate> all{{ConvKernel::direct, direct_ns(shape)}};
  if (kernels::winograd_fits(shape))
    for (ConvKernel kernel : {ConvKernel::winograd_2, ConvKernel::winograd_4, ConvKernel::winograd_6})
      all.push_back({kernel, winograd_ns(shape, winograd_tile(kernel))});
  return all;
}

double best_ns(const std::vector<ConvCandidate>& candidates) {
  double ns = candidates.front().ns;
  for (const ConvCandidate& candidate : candidates) ns = std::min(ns, candidate.ns);
  return ns;
}

std::string per_cent(double share) { return std::to_string(std::lround(100 * share)) + " %"; }

}  // namespace

std::string_view kernel_name(ConvKernel kernel, const kernels::ConvShape& shape) {
  constexpr std::string_view kNames[] = {"conv", "winograd_2", "winograd_4", "winograd_6", "sparse_conv"};
  if (kernel == ConvKernel::direct && shape.is_pointwise()) return "conv_1x1";
  return kNames[static_cast<size_t>(kernel)];
}

std::vector<ConvCandidate> conv_candidates(const kernels::ConvShape& shape, size_t kept) {
  std::vector<ConvCandidate> all = dense_candidates(shape);
  all.push_back({ConvKernel::sparse, sparse_ns(shape, static_cast<double>(kept))});
  std::stable_sort(all.begin(), all.end(),
                   [](const ConvCandidate& a, const ConvCandidate& b) { return a.ns < b.ns; });
  return all;
}

double sparse_break_even(const kernels::ConvShape& shape) {
  const double spare = best_ns(dense_candidates(shape)) - sparse_ns(shape, 0);
  const auto weights = static_cast<double>(shape.depth() * shape.out_channels);
  return std::clamp(spare / (static_cast<double>(shape.out_plane()) * kSparseMac * weights), 0.0, 1.0);
}

double sparse_linear_break_even(size_t rows, size_t columns) {
  // Dense weights arrive at the speed of the memory that holds them; a kept one costs an addition in a place
  // of its own, and a column without any a look at its input.
  const auto weights = static_cast<double>(rows * columns);
  const double dense_ns = weights * (4 * weights > kMemoryBytes ? kMemoryWeight : kCacheWeight);
  const double spare = dense_ns - kSparseColumn * static_cast<double>(columns);
  return std::clamp(spare / (kSparseWeight * weights), 0.0, 1.0);
}

std::string refusal(std::string_view kernel, double zeros, double break_even) {
  return cat(kernel, " refused: ", per_cent(zeros), " zeros, break-even ", per_cent(1 - break_even));
}

size_t winograd_tile(ConvKernel kernel) { return 2 * static_cast<size_t>(kernel); }

std::string refusals(const kernels::ConvShape& shape, size_t kept, ConvKernel taken) {
  const std::vector<ConvCandidate> all = conv_candidates(shape, kept);
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
      text += refusal(name, zeros, sparse_break_even(shape));
    else
      text += cat(name, " refused: ", per_cent(candidate.ns / chosen->ns - 1), " slower by estimate");
  }
  return text;
}

}  // namespace netsuke::runtime
