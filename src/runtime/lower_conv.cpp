// Which kernel computes a convolution or a linear layer.
#include <algorithm>
#include <cmath>
#include <functional>
#include <optional>

#include "kernels/cpu.h"
#include "runtime/conv_cost.h"
#include "runtime/lower.h"
#include "runtime/sparse_forms.h"

namespace netsuke::runtime {
namespace {

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

/// Calls body(values) with all elements as floats.
template <class Body>
Lowered with_values(const Weight& weight, Body&& body) {
  if (const auto* dense = std::get_if<Dense>(&weight.encoding)) return body(dense->values);
  return body(to_dense(weight).data);
}

Lowered with_kernel(ConvKernel kernel, const kernels::ConvShape& s, const Weight& weight,
                    std::span<const float> bias) {
  const std::string_view name = kernel_name(kernel, s);
  if (kernel == ConvKernel::sparse) {
    const Kept k = kept(weight);
    SparseConvStep step{s, kernels::pack_sparse_conv(s, k.positions, k.values, bias)};
    const size_t bytes = step.weights.bytes();
    return {name, std::move(step), Layout::pixels, kernels::sparse_conv_scratch(s), bytes, ""};
  }
  return with_values(weight, [&](const std::vector<float>& values) -> Lowered {
    if (kernel == ConvKernel::direct) return direct(name, s, kernels::pack_conv(s, values.data(), bias));
    const size_t m = winograd_tile(kernel);
    WinogradStep step{s, kernels::pack_winograd(s, values.data(), bias, m)};
    const size_t bytes = step.weights.places.bytes();
    const size_t scratch = kernels::winograd_scratch(s, m, kernels::winograd_tiles(s, m));
    return {name, std::move(step), Layout::pixels, scratch, bytes, ""};
  });
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
  return site.options.residency != Residency::fastest || std::holds_alternative<Linear>(site.node.op) ||
         kernels::cpu_level().starts_with("avx512");
}

CostBasis basis_of(const Site& site) { return cost_basis(site.graph, site.options.timings.get()); }

ConvKernel choose_conv(const kernels::ConvShape& s, size_t count, const Site& site) {
  for (const ConvCandidate& candidate : conv_candidates(s, count, basis_of(site)))
    if (site.options.residency == Residency::fastest || candidate.kernel != ConvKernel::sparse)
      return candidate.kernel;
  return ConvKernel::direct;
}

// What a kept weight of a sparse convolution takes.
constexpr size_t kSparseConvBytes = 5;

/// The form of the fewest bytes that a kernel computes on.
Lowered packed_conv(const kernels::ConvShape& s, const Weight& weight, std::span<const float> bias) {
  const size_t weights = s.depth() * s.out_channels;
  const std::optional<Codebook> codes = dense_codes(weight);
  if (kSparseConvBytes * kept_weights(weight) < weights * (codes ? 1 : 4))
    return with_kernel(ConvKernel::sparse, s, weight, bias);
  if (!codes) return with_kernel(ConvKernel::direct, s, weight, bias);
  return direct(s.is_pointwise() ? "conv_1x1_codes" : "conv_codes", s,
                kernels::pack_conv(s, codes->codes, codes->centroids, bias));
}

enum class LinearKernel { dense, sparse, codes };

LinearKernel least_of(double dense, double sparse, double codes) {
  if (sparse < std::min(dense, codes)) return LinearKernel::sparse;
  return codes < dense ? LinearKernel::codes : LinearKernel::dense;
}

LinearKernel smallest_linear(const Weight& weight) {
  const auto all = static_cast<double>(weight_count(weight));
  return least_of(4 * all, static_cast<double>(bytes_if_sparse(weight, kept_weights(weight))),
                  shared_values(weight) ? all : HUGE_VAL);
}

LinearKernel fastest_linear(const Weight& weight, const CostBasis& basis) {
  const LinearTimes times = linear_times(size(weight.shape[0]), size(weight.shape[1]), basis);
  const std::optional<size_t> distinct = shared_values(weight);
  return least_of(times.dense, times.sparse(static_cast<double>(kept_weights(weight))),
                  distinct ? (*times.codes)(*distinct) : HUGE_VAL);
}

Lowered dense_linear(std::string_view name, kernels::Panels panels) {
  LinearStep step{std::move(panels)};
  const size_t bytes = step.panels.bytes();
  return {name, std::move(step), Layout::planes, 0, bytes, ""};
}

Lowered with_kernel(LinearKernel kernel, const Weight& weight, std::span<const float> bias) {
  if (kernel == LinearKernel::sparse) return sparse_linear(weight, bias);
  const size_t rows = size(weight.shape[0]), columns = size(weight.shape[1]);
  if (kernel == LinearKernel::dense)
    return with_values(weight, [&](const std::vector<float>& values) {
      return dense_linear("linear", kernels::pack_panels(values.data(), rows, columns, bias));
    });
  const Codebook book = *dense_codes(weight);
  return dense_linear("linear_codes",
                      kernels::pack_panels(book.codes.data(), rows, columns, book.centroids, bias));
}

using LowerRows = std::function<Lowered(const Weight& weight, size_t first)>;

/// A step that makes in every run what `lower` makes of the layer's weight, of some rows after the others if
/// `by_rows`; or what `lower` makes of it now, where that takes about `packed` bytes and the record no fewer.
Lowered as_coded(const Site& site, bool by_rows, size_t packed, Lowered coded, const LowerRows& lower) {
  const std::shared_ptr<const Record>& record = site.stored_weight(1)->record;
  if (!record || record->memory() >= packed) return lower(*site.weight(1), 0);
  coded.kernel = "coded";
  coded.weight_bytes = record->memory();
  coded.work = CodedStep{record,
                         [lower](const Weight& weight, size_t first) {
                           return std::make_shared<const Decoded>(Decoded{lower(weight, first).work});
                         },
                         record->rows, by_rows ? record->apart : record->rows,
                         std::holds_alternative<Conv2d>(site.node.op)};
  return coded;
}

/// Told from what is known of a weight before it is decoded.
bool may_be_codes(const Weight& weight) { return value_bits(weight) <= 8; }

/// Those of `rows` rows from `first` on.
std::span<const float> bias_of(const Values& bias, size_t first, size_t rows) {
  return bias ? std::span<const float>(*bias).subspan(first, rows) : std::span<const float>();
}

/// As small as may be, in memory or in the file.
Lowered small_conv(const kernels::ConvShape& s, const Site& site, const Values& bias) {
  const LowerRows lower = [s, bias](const Weight& weight, size_t first) {
    kernels::ConvShape some = s;
    some.out_channels = size(weight.shape[0]);
    return packed_conv(some, weight, bias_of(bias, first, some.out_channels));
  };
  if (site.options.residency != Residency::coded) return lower(*site.weight(1), 0);
  const Weight& stored = *site.stored_weight(1);
  const size_t kept = size(kept_count(stored)), all = size(weight_count(stored));
  Lowered coded{.layout = Layout::pixels};
  coded.scratch = std::max(kernels::conv2d_scratch(s), kernels::sparse_conv_scratch(s));
  return as_coded(site, s.groups == 1,
                  std::min(kSparseConvBytes * kept, all * (may_be_codes(stored) ? 1 : 4)), std::move(coded),
                  lower);
}

Lowered small_linear(const Site& site, const Values& bias) {
  const LowerRows lower = [bias](const Weight& weight, size_t first) {
    return with_kernel(smallest_linear(weight), weight, bias_of(bias, first, size(weight.shape[0])));
  };
  if (site.options.residency != Residency::coded) return lower(*site.weight(1), 0);
  const Weight& stored = *site.stored_weight(1);
  const size_t kept = size(kept_count(stored)), all = size(weight_count(stored));
  const size_t packed = may_be_codes(stored) ? std::min(2 * kept, all) : std::min(6 * kept, 4 * all);
  return as_coded(site, true, packed, {.layout = Layout::planes}, lower);
}

bool is_small(Residency residency) { return residency == Residency::packed || residency == Residency::coded; }

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

/// Where each of the shuffle's groups has few of a group's channels, the zeros at the ends of the stretches
/// (see ConvWeights) cost more than shuffling first does, and a hostile file could make them as many as it
/// likes.
bool has_long_stretches(const kernels::ConvShape& s, size_t shuffle) {
  constexpr size_t kLeast = 6, kMostPieces = 64;
  return s.channels / s.groups >= kLeast * shuffle && shuffle <= kMostPieces;
}

bool takes_shuffle(const Site& site) {
  const auto* op = std::get_if<Conv2d>(&site.node.op);
  if (!op || !site.is_constant(1) || is_small(site.options.residency) || takes_binary_weights(site))
    return false;
  const kernels::ConvShape s = conv_shape(*op, site.input(), site.input(1), site.output());
  return has_long_stretches(s, site.shuffle) &&
         choose_conv(s, kept_weights(*site.weight(1)), site) == ConvKernel::direct;
}

Lowered lower_conv(const Conv2d& op, const Site& site) {
  kernels::ConvShape s = conv_shape(op, site.input(), site.input(1), site.output());
  const Values bias = site.constant(2);
  if (s.is_depthwise()) return depthwise(s, *site.constant(1), bias);
  check_scratch(site, {site.input()[1], static_cast<int64_t>(s.padded_height()),
                       static_cast<int64_t>(s.padded_width())});
  if (takes_binary_weights(site)) return lower_binary_weights(site);
  if (is_small(site.options.residency)) return small_conv(s, site, bias);
  const WeightPtr weight = site.weight(1);
  const size_t count = kept_weights(*weight);
  const ConvKernel kernel = choose_conv(s, count, site);
  s.shuffle = site.shuffle;  // of a direct one alone: see takes_shuffle
  Lowered lowered = with_kernel(kernel, s, *weight, span_of(bias));
  lowered.refused = refusals(s, count, kernel, basis_of(site));
  return lowered;
}

std::optional<Lowered> lower_conv_transpose(const ConvTranspose2d& op, const Site& site) {
  // The op's attributes are those of the convolution that it is the transpose of, whose input is this output.
  const Conv2d mirrored{op.stride, op.pad, op.dilation, op.groups};
  kernels::ConvShape s = conv_shape(mirrored, site.input(), site.input(1), site.output());
  s.stride_h = size(op.stride.h), s.stride_w = size(op.stride.w);
  s.dilation_h = size(op.dilation.h), s.dilation_w = size(op.dilation.w);
  if (!kernels::conv_transpose_fits(s)) return std::nullopt;
  TransposedStep step{kernels::pack_conv_transpose(s, site.constant(1)->data(), span_of(site.constant(2)))};
  size_t bytes = 0;
  for (const auto& phase : step.conv.phases) bytes += bytes_of(phase.weights.groups);
  const size_t scratch = kernels::conv_transpose_scratch(step.conv);
  return Lowered{"conv_transpose", std::move(step), Layout::pixels, scratch, bytes, ""};
}

Lowered lower_linear(const Site& site) {
  if (takes_binary_weights(site)) return lower_binary_weights(site);
  const Values bias = site.constant(2);
  if (is_small(site.options.residency)) return small_linear(site, bias);
  const WeightPtr held = site.weight(1);
  const Weight& weight = *held;
  const CostBasis basis = basis_of(site);
  const LinearKernel kernel =
      site.options.residency == Residency::dense ? LinearKernel::dense : fastest_linear(weight, basis);
  Lowered lowered = with_kernel(kernel, weight, span_of(bias));
  const size_t rows = size(weight.shape[0]), columns = size(weight.shape[1]);
  const double zeros = 1 - static_cast<double>(kept_weights(weight)) / static_cast<double>(rows * columns);
  lowered.refused = refusal(kernel == LinearKernel::sparse ? "linear" : "sparse_linear", zeros,
                            sparse_linear_break_even(rows, columns, shared_values(weight), basis));
  return lowered;
}

}  // namespace netsuke::runtime
