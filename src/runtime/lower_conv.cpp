// Which kernel computes a convolution or a linear layer.
#include <algorithm>
#include <cmath>
#include <optional>

#include "kernels/cpu.h"
#include "runtime/conv_cost.h"
#include "runtime/lower.h"
#include "runtime/sparse_forms.h"

namespace netsuke::runtime {
namespace {

size_t size(int64_t n) { return static_cast<size_t>(n); }

std::span<const float> span_of(const Values& values) {
  return values ? std::span<const float>(*values) : std::span<const float>();
}

size_t bytes_of(const std::vector<kernels::Panels>& all) {
  size_t bytes = 0;
  for (const kernels::Panels& panels : all) bytes += panels.bytes();
  return bytes;
}

Lowered depthwise(const kernels::ConvShape& s, const std::vector<float>& weights, const Values& bias) {
  DepthwiseStep step{s, kernels::pack_depthwise(weights.data(), bias ? bias->data() : nullptr, s.channels,
                                                s.kernel_h, s.kernel_w)};
  const size_t bytes = 4 * step.weights.taps.size();
  return {"depthwise", std::move(step), Layout::pixels, 0, bytes, ""};
}

Lowered direct(std::string_view name, const kernels::ConvShape& s, kernels::ConvWeights weights) {
  ConvolutionStep step{s, std::move(weights)};
  const size_t bytes = bytes_of(step.weights.groups);
  return {name, std::move(step), Layout::pixels, kernels::conv2d_scratch(s), bytes, ""};
}

Lowered with_kernel(ConvKernel kernel, const kernels::ConvShape& s, const Site& site,
                    std::span<const float> bias) {
  const std::string_view name = kernel_name(kernel, s);
  if (kernel == ConvKernel::sparse) {
    const Kept k = kept(*site.weight(1));
    SparseConvStep step{s, kernels::pack_sparse_conv(s, k.positions, k.values, bias)};
    const size_t bytes = step.weights.bytes();
    return {name, std::move(step), Layout::pixels, kernels::sparse_conv_scratch(s), bytes, ""};
  }
  const Values weights = site.constant(1);
  if (kernel == ConvKernel::direct) return direct(name, s, kernels::pack_conv(s, weights->data(), bias));
  const size_t m = winograd_tile(kernel);
  WinogradStep step{s, kernels::pack_winograd(s, weights->data(), bias, m)};
  const size_t bytes = bytes_of(step.weights.places);
  return {name, std::move(step), Layout::pixels, kernels::winograd_scratch(s, m), bytes, ""};
}

Lowered sparse_linear(const Weight& weight, std::span<const float> bias) {
  SparseLinearForm form = pack_sparse(weight, bias);
  if (auto* tiles = std::get_if<kernels::SparseTiles>(&form)) {
    const size_t bytes = tiles->bytes();
    return {"sparse_tiles", SparseTilesStep{std::move(*tiles)}, Layout::planes, 0, bytes, ""};
  }
  if (auto* rows = std::get_if<kernels::SparseRows>(&form)) {
    const size_t bytes = rows->bytes();
    return {"sparse_rows", SparseRowsStep{std::move(*rows)}, Layout::planes, 0, bytes, ""};
  }
  auto& columns = std::get<kernels::SparseLinear>(form);
  const size_t bytes = columns.bytes();
  return {"sparse_linear", SparseLinearStep{std::move(columns)}, Layout::planes, 0, bytes, ""};
}

// About what the compressed form of a linear layer takes: see SparseLinear.
size_t bytes_if_sparse(const Weight& weight, size_t count) {
  return count * (std::holds_alternative<SparseCodebook>(weight.encoding) ? 2 : 6);
}

// Adding and subtracting takes no longer than multiplying and adding where one instruction chooses by a bit;
// a linear layer of one image waits for its weights, which are 32 times as many elsewhere.
bool takes_binary_weights(const Site& site) {
  if (!has_binary_weights(site.graph, site.node) || site.options.residency == Residency::dense) return false;
  return site.options.residency == Residency::packed || std::holds_alternative<Linear>(site.node.op) ||
         kernels::cpu_level().starts_with("avx512");
}

ConvKernel choose_conv(const kernels::ConvShape& s, size_t count, const PlanOptions& options) {
  for (const ConvCandidate& candidate : conv_candidates(s, count, options.timings.get()))
    if (options.residency == Residency::fastest || candidate.kernel != ConvKernel::sparse)
      return candidate.kernel;
  return ConvKernel::direct;
}

/// The form of the fewest bytes that a kernel computes on. A kept weight of the sparse one takes five.
Lowered packed_conv(const kernels::ConvShape& s, const Site& site, size_t count,
                    std::span<const float> bias) {
  const size_t weights = s.depth() * s.out_channels;
  const std::optional<Codebook> codes = dense_codes(*site.weight(1));
  if (5 * count < weights * (codes ? 1 : 4)) return with_kernel(ConvKernel::sparse, s, site, bias);
  if (!codes) return with_kernel(ConvKernel::direct, s, site, bias);
  return direct(s.is_pointwise() ? "conv_1x1_codes" : "conv_codes", s,
                kernels::pack_conv(s, codes->codes, codes->centroids, bias));
}

enum class LinearKernel { dense, sparse, codes };

LinearKernel choose_linear(const Site& site, size_t rows, size_t columns, size_t count) {
  const Weight& weight = *site.weight(1);
  const PlanOptions& options = site.options;
  if (options.residency == Residency::dense) return LinearKernel::dense;
  const std::optional<size_t> distinct = shared_values(weight);
  const auto least = [](double dense, double sparse, double codes) {
    if (sparse < std::min(dense, codes)) return LinearKernel::sparse;
    return codes < dense ? LinearKernel::codes : LinearKernel::dense;
  };
  if (options.residency == Residency::packed) {
    const auto all = static_cast<double>(rows * columns);
    return least(4 * all, static_cast<double>(bytes_if_sparse(weight, count)), distinct ? all : HUGE_VAL);
  }
  const LinearTimes times = linear_times(rows, columns, options.timings.get());
  return least(times.dense, times.sparse(static_cast<double>(count)),
               distinct ? (*times.codes)(*distinct) : HUGE_VAL);
}

Lowered dense_linear(std::string_view name, kernels::Panels panels) {
  LinearStep step{std::move(panels)};
  const size_t bytes = step.panels.bytes();
  return {name, std::move(step), Layout::planes, 0, bytes, ""};
}

Lowered with_kernel(LinearKernel kernel, size_t rows, size_t columns, const Site& site) {
  const Weight& weight = *site.weight(1);
  const Values bias = site.constant(2);
  if (kernel == LinearKernel::sparse) return sparse_linear(weight, span_of(bias));
  if (kernel == LinearKernel::dense)
    return dense_linear("linear",
                        kernels::pack_panels(site.constant(1)->data(), rows, columns, span_of(bias)));
  const Codebook book = *dense_codes(weight);
  const std::vector<float> numbers(book.codes.begin(), book.codes.end());
  return dense_linear("linear_codes", kernels::share_values(
                                          kernels::pack_panels(numbers.data(), rows, columns, span_of(bias)),
                                          book.centroids));
}

}  // namespace

kernels::ConvShape conv_shape(const Conv2d& op, const Shape& x, const Shape& w, const Shape& y) {
  kernels::ConvShape s;
  s.channels = size(x[1]), s.height = size(x[2]), s.width = size(x[3]);
  s.out_channels = size(y[1]), s.out_height = size(y[2]), s.out_width = size(y[3]);
  s.kernel_h = size(w[2]), s.kernel_w = size(w[3]);
  s.stride_h = stride_of(op.stride.h, y[2]), s.stride_w = stride_of(op.stride.w, y[3]);
  s.dilation_h = stride_of(op.dilation.h, w[2]), s.dilation_w = stride_of(op.dilation.w, w[3]);
  s.pad_top = size(op.pad.top), s.pad_left = size(op.pad.left);
  s.groups = size(op.groups);
  return s;
}

Lowered lower_conv(const Conv2d& op, const Site& site) {
  const kernels::ConvShape s = conv_shape(op, site.input(), site.input(1), site.output());
  const Values bias = site.constant(2);
  if (s.is_depthwise()) return depthwise(s, *site.constant(1), bias);
  check_scratch(site, {site.input()[1], static_cast<int64_t>(s.padded_height()),
                       static_cast<int64_t>(s.padded_width())});
  if (takes_binary_weights(site)) return lower_binary_weights(site);
  const size_t count = kept_weights(*site.weight(1));
  if (site.options.residency == Residency::packed) return packed_conv(s, site, count, span_of(bias));
  const ConvKernel kernel = choose_conv(s, count, site.options);
  Lowered lowered = with_kernel(kernel, s, site, span_of(bias));
  lowered.refused = refusals(s, count, kernel, site.options.timings.get());
  return lowered;
}

Lowered lower_linear(const Site& site) {
  if (takes_binary_weights(site)) return lower_binary_weights(site);
  const Weight& weight = *site.weight(1);
  const size_t rows = size(weight.shape[0]), columns = size(weight.shape[1]), count = kept_weights(weight);
  const LinearKernel kernel = choose_linear(site, rows, columns, count);
  Lowered lowered = with_kernel(kernel, rows, columns, site);
  const double zeros = 1 - static_cast<double>(count) / static_cast<double>(rows * columns);
  lowered.refused = refusal(kernel == LinearKernel::sparse ? "linear" : "sparse_linear", zeros,
                            sparse_linear_break_even(rows, columns, site.options.timings.get()));
  return lowered;
}

}  // namespace netsuke::runtime
