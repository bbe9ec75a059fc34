#include "train/lower.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <limits>

#include "base/error.h"
#include "base/random.h"
#include "graph/ops/sampling.h"
#include "graph/shapes.h"
#include "train/batch_norm.h"
#include "train/convolution.h"
#include "train/prelu.h"
#include "train/rectified_sum.h"
#include "train/sign.h"

namespace netsuke::train {
namespace {

using at::Tensor;
using Inputs = std::vector<Tensor>;
using Sides = std::array<int64_t, 2>;

constexpr double kBatchNormMomentum = 0.1;
constexpr double kMinusInfinity = -std::numeric_limits<double>::infinity();

/// One node's surroundings while it runs.
struct Site {
  const Pass& pass;
  uint64_t node;   ///< its index: each dropout draws its own stream
  bool training;   ///< it computes as in training
  bool with_relu;  ///< only a ReLU reads it: the node may do its work too
};

/// Inference of which nobody wants gradients.
bool is_plain(const Site& site) { return !site.training && !at::GradMode::is_enabled(); }

/// Whether the node does the work of the ReLU behind it: one pass over memory instead of two each way.
bool does_relu(const BatchNorm&, const Inputs&, const Site& site) {
  return site.with_relu && (site.training || is_plain(site));
}
bool does_relu(const Add&, const Inputs& in, const Site& site) {
  return site.training && site.with_relu && has_rectified_sum(in[0], in[1]);
}
template <class Op>
bool does_relu(const Op&, const Inputs&, const Site&) {
  return false;
}

Sides sides(const Pair& pair) { return {pair.h, pair.w}; }

/// Torch's own padding is the same before and after.
bool is_symmetric(const Pads& pad) { return pad.top == pad.bottom && pad.left == pad.right; }

Tensor padded(const Tensor& x, const Pads& pad, double value) {
  return at::constant_pad_nd(x, {pad.left, pad.right, pad.top, pad.bottom}, value);
}

const Tensor bias_of(const Inputs& in) { return in.size() > 2 ? in[2] : Tensor(); }

Tensor run(const Conv2d& op, const Inputs& in, const Site& site) {
  if (!site.pass.only_libtorch && has_convolution(op, in[0], in[1]))
    return convolution(op, in[0], in[1], bias_of(in));
  const bool symmetric = is_symmetric(op.pad);
  const Sides pad = symmetric ? Sides{op.pad.top, op.pad.left} : Sides{0, 0};
  const Tensor x = symmetric ? in[0] : padded(in[0], op.pad, 0);
  return at::conv2d(x, in[1], bias_of(in), sides(op.stride), pad, sides(op.dilation), op.groups);
}

Tensor run(const ConvTranspose2d& op, const Inputs& in, const Site&) {
  const auto transposed = [&](Sides pad) {
    return at::conv_transpose2d(in[0], in[1], bias_of(in), sides(op.stride), pad, sides(op.output_pad),
                                op.groups, sides(op.dilation));
  };
  if (is_symmetric(op.pad)) return transposed({op.pad.top, op.pad.left});
  return padded(transposed({0, 0}), {-op.pad.top, -op.pad.left, -op.pad.bottom, -op.pad.right}, 0);
}

Tensor run(const Linear&, const Inputs& in, const Site&) { return at::linear(in[0], in[1], bias_of(in)); }

Tensor run(const BatchNorm& op, const Inputs& in, const Site& site) {
  if (site.training && in[0].numel() == in[0].size(1))
    fail(ErrorCode::usage,
         "batch norm: a batch of one value a channel has no variance, raise the batch size");
  const auto epsilon = static_cast<double>(op.epsilon);
  const BatchNormState state{in[1], in[2], in[3], in[4], kBatchNormMomentum, epsilon};
  if (site.training) return batch_norm(in[0], state, does_relu(op, in, site));
  if (is_plain(site)) return normalised(in[0], state, does_relu(op, in, site));
  return at::batch_norm(in[0], in[1], in[2], in[3], in[4], false, kBatchNormMomentum, epsilon, false);
}

Tensor run(const Relu&, const Inputs& in, const Site&) { return at::relu(in[0]); }
Tensor run(const Clip& op, const Inputs& in, const Site&) { return at::clamp(in[0], op.min, op.max); }

Tensor run(const LeakyRelu& op, const Inputs& in, const Site&) { return at::leaky_relu(in[0], op.alpha); }
bool has_slope_by_channel(const Inputs& in) {
  return in[0].dim() == 4 && in[1].dim() == 3 && in[1].numel() == in[0].size(1) &&
         in[1].size(0) == in[0].size(1);
}

Tensor run(const PRelu&, const Inputs& in, const Site&) {
  if (has_slope_by_channel(in)) return prelu_by_channel(in[0], in[1]);
  return at::where(in[0] > 0, in[0], in[1] * in[0]);
}

Tensor run(const Sign&, const Inputs& in, const Site& site) { return sign(in[0], site.pass.smooth_sign); }

Tensor run(const InputScale& op, const Inputs& in, const Site&) {
  const Tensor magnitude = at::linalg_vector_norm(in[0], 1, 1, true) / static_cast<double>(in[0].size(1));
  if (in[0].dim() == 2) return magnitude;
  const double area = static_cast<double>(op.kernel.h) * op.kernel.w;
  const Tensor mean = at::full({1, 1, op.kernel.h, op.kernel.w}, 1 / area);
  return at::conv2d(padded(magnitude, op.pad, 0), mean, Tensor(), sides(op.stride), Sides{0, 0},
                    sides(op.dilation));
}

Tensor run(const Sigmoid&, const Inputs& in, const Site&) { return at::sigmoid(in[0]); }
Tensor run(const Tanh&, const Inputs& in, const Site&) { return at::tanh(in[0]); }
Tensor run(const HardSigmoid& op, const Inputs& in, const Site&) {
  return at::clamp(op.alpha * in[0] + op.beta, 0, 1);
}
Tensor run(const HardSwish&, const Inputs& in, const Site&) { return at::hardswish(in[0]); }
Tensor run(const Elu& op, const Inputs& in, const Site&) { return at::elu(in[0], op.alpha); }
Tensor run(const Softplus&, const Inputs& in, const Site&) { return at::softplus(in[0]); }
Tensor run(const Erf&, const Inputs& in, const Site&) { return at::erf(in[0]); }

/// Torch pads by at most half the kernel, and the same on both sides.
template <class Pool>
bool torch_can_pad(const Pool& op) {
  return is_symmetric(op.pad) && 2 * op.pad.top <= op.kernel.h && 2 * op.pad.left <= op.kernel.w;
}

/// `pad` made so that a pooling without padding of its own and without ceil gives the windows of `op` on `x`.
template <class Pool>
Pads pads_for_windows(const Pool& op, const Tensor& x) {
  const auto after = [&](int64_t size, int kernel, int stride, int before, int behind) {
    const int64_t count = window_count(size, kernel, stride, 1, before, behind, op.ceil);
    return static_cast<int>(std::max<int64_t>((count - 1) * stride + kernel - size - before, 0));
  };
  return {op.pad.top, op.pad.left, after(x.size(2), op.kernel.h, op.stride.h, op.pad.top, op.pad.bottom),
          after(x.size(3), op.kernel.w, op.stride.w, op.pad.left, op.pad.right)};
}

Tensor run(const MaxPool& op, const Inputs& in, const Site&) {
  if (torch_can_pad(op))
    return at::max_pool2d(in[0], sides(op.kernel), sides(op.stride), {op.pad.top, op.pad.left}, 1, op.ceil);
  const Tensor x = padded(in[0], pads_for_windows(op, in[0]), kMinusInfinity);
  return at::max_pool2d(x, sides(op.kernel), sides(op.stride));
}

Tensor run(const AvgPool& op, const Inputs& in, const Site&) {
  const Tensor& x = in[0];
  if (torch_can_pad(op))
    return at::avg_pool2d(x, sides(op.kernel), sides(op.stride), {op.pad.top, op.pad.left}, op.ceil,
                          op.count_pad);
  // The sum under each window, over how many of its elements count: ones are pooled like the image.
  const Tensor counting = at::ones({1, 1, x.size(2), x.size(3)}, x.options());
  const Pads windows = pads_for_windows(op, x);
  const auto pool = [&](const Tensor& t) {
    return at::avg_pool2d(padded(t, windows, 0), sides(op.kernel), sides(op.stride));
  };
  if (!op.count_pad) return pool(x) / pool(counting);
  const Pads beyond{0, 0, windows.bottom - op.pad.bottom, windows.right - op.pad.right};
  const Tensor all = padded(padded(counting, op.pad, 1), beyond, 0);
  return pool(x) / at::avg_pool2d(all, sides(op.kernel), sides(op.stride));
}

Tensor run(const GlobalAvgPool&, const Inputs& in, const Site&) { return in[0].mean({2, 3}, true); }
Tensor run(const GlobalMaxPool&, const Inputs& in, const Site&) { return in[0].amax({2, 3}, true); }
Tensor run(const Flatten&, const Inputs& in, const Site&) { return in[0].flatten(1); }
Tensor run(const Softmax&, const Inputs& in, const Site&) { return at::softmax(in[0], 1); }

Tensor run(const LogSoftmax&, const Inputs& in, const Site&) { return at::log_softmax(in[0], 1); }

/// The mask is ours, not torch's: it depends on (seed, step, node) only, so that a resumed run draws the
/// same.
Tensor run(const Dropout& op, const Inputs& in, const Site& site) {
  if (!site.training || op.ratio <= 0) return in[0];
  Tensor mask = at::empty(in[0].sizes(), in[0].options());
  Random random(site.pass.dropout_seed, site.node);
  const auto threshold = static_cast<uint32_t>(static_cast<double>(op.ratio) * 0x1.0p32);
  const float kept = 1 / (1 - op.ratio);
  float* values = mask.data_ptr<float>();
  const int64_t count = mask.numel();
  for (int64_t i = 0; i < count; i += 2) {
    const uint64_t draw = random.next();
    values[i] = static_cast<uint32_t>(draw) < threshold ? 0.0f : kept;
    if (i + 1 < count) values[i + 1] = static_cast<uint32_t>(draw >> 32) < threshold ? 0.0f : kept;
  }
  return in[0] * mask;
}

Tensor run(const Add&, const Inputs& in, const Site& site) {
  return does_relu(Add(), in, site) ? rectified_sum(in[0], in[1]) : in[0] + in[1];
}
Tensor run(const Mul&, const Inputs& in, const Site&) { return in[0] * in[1]; }
Tensor run(const Sub&, const Inputs& in, const Site&) { return in[0] - in[1]; }
Tensor run(const Div&, const Inputs& in, const Site&) { return in[0] / in[1]; }

Tensor run(const Concat&, const Inputs& in, const Site&) {
  int64_t batch = 1;
  for (const Tensor& x : in) batch = std::max(batch, x.size(0));
  Inputs repeated;
  for (const Tensor& x : in) {
    std::vector<int64_t> shape = x.sizes().vec();
    shape[0] = batch;
    repeated.push_back(x.expand(shape));
  }
  return at::cat(repeated, 1);
}

Tensor run(const Reshape& op, const Inputs& in, const Site&) {
  std::vector<int64_t> shape = op.dims.values;
  shape.insert(shape.begin(), in[0].size(0));
  return in[0].reshape(shape);
}

Tensor run(const Transpose& op, const Inputs& in, const Site&) { return in[0].permute(op.perm.values); }

/// Torch only steps forwards: a slice that goes backwards is turned round.
Tensor run(const Slice& op, const Inputs& in, const Site&) {
  if (op.step > 0) return in[0].slice(op.axis, op.begin, op.end, op.step);
  const int64_t step = -static_cast<int64_t>(op.step), last = (op.begin - op.end - 1) % step + op.end + 1;
  return in[0].slice(op.axis, last, int64_t{op.begin} + 1, step).flip(op.axis);
}

/// The places `from(i)` of `axis`, for i of 0 to `count` - 1.
template <class From>
Tensor selected(const Tensor& x, int64_t axis, int64_t count, From&& from) {
  std::vector<int64_t> places;
  for (int64_t i = 0; i < count; ++i) places.push_back(from(i));
  return x.index_select(axis, at::tensor(places));
}

Tensor run(const Pad& op, const Inputs& in, const Site&) {
  if (op.mode == 0) return padded(in[0], op.pad, op.value);
  const auto along = [&](const Tensor& x, int64_t axis, int64_t before, int64_t after) {
    const int64_t size = x.size(axis);
    return selected(x, axis, size + before + after,
                    [&](int64_t i) { return ops::padding_source(op.mode, i - before, size); });
  };
  return along(along(in[0], 2, op.pad.top, op.pad.bottom), 3, op.pad.left, op.pad.right);
}

/// Resize along one axis: the share of one pixel, and that of its neighbour.
Tensor resized(const Resize& op, const Tensor& x, int64_t axis, int64_t to) {
  const int64_t from = x.size(axis);
  const auto at_place = [&](int64_t i) { return ops::sample(op, i, from, to); };
  const Tensor first = selected(x, axis, to, [&](int64_t i) { return at_place(i).first; });
  if (op.mode == 0) return first;
  std::vector<float> shares;
  for (int64_t i = 0; i < to; ++i) shares.push_back(static_cast<float>(at_place(i).share));
  std::vector<int64_t> shape(4, 1);
  shape[static_cast<size_t>(axis)] = to;
  const Tensor second = selected(x, axis, to, [&](int64_t i) { return at_place(i).second; });
  return at::lerp(first, second, at::tensor(shares).view(shape));
}

Tensor run(const Resize& op, const Inputs& in, const Site&) {
  return resized(op, resized(op, in[0], 2, op.size.h), 3, op.size.w);
}

Tensor run(const DepthToSpace& op, const Inputs& in, const Site&) {
  const Tensor& x = in[0];
  const int64_t n = x.size(0), b = op.block, channels = x.size(1) / (b * b), h = x.size(2), w = x.size(3);
  const Tensor blocks = op.crd ? x.reshape({n, channels, b, b, h, w}).permute({0, 1, 4, 2, 5, 3})
                               : x.reshape({n, b, b, channels, h, w}).permute({0, 3, 4, 1, 5, 2});
  return blocks.reshape({n, channels, h * b, w * b});
}

Tensor run(const ChannelShuffle& op, const Inputs& in, const Site&) {
  const Tensor& x = in[0];
  // One copy in the order the pixels lie in.
  const Tensor last = x.permute({0, 2, 3, 1});
  const Tensor groups = last.reshape({x.size(0), x.size(2), x.size(3), op.groups, x.size(1) / op.groups});
  return groups.transpose(3, 4).reshape(last.sizes()).permute({0, 3, 1, 2});
}

Tensor run(const LayerNorm& op, const Inputs& in, const Site&) {
  const Tensor last = in[0].movedim(1, -1);
  return at::layer_norm(last, {last.size(-1)}, in[1], in[2], op.epsilon).movedim(-1, 1);
}

Tensor run(const GroupNorm& op, const Inputs& in, const Site&) {
  return at::group_norm(in[0].contiguous(), op.groups, in[1], in[2], op.epsilon, false);
}

Tensor run(const Lrn& op, const Inputs& in, const Site&) {
  const Tensor& x = in[0];
  const int64_t before = (op.size - 1) / 2, channels = x.size(1);
  const Tensor squares = at::constant_pad_nd(x * x, {0, 0, 0, 0, before, op.size - 1 - before});
  Tensor sum = squares.narrow(1, 0, channels);
  for (int64_t i = 1; i < op.size; ++i) sum = sum + squares.narrow(1, i, channels);
  return x / at::pow(op.k + op.alpha / static_cast<float>(op.size) * sum, op.beta);
}

/// Who reads a value.
struct Readers {
  size_t count = 0;
  size_t last = std::numeric_limits<size_t>::max();  ///< index of the last node among them
};

std::vector<Readers> readers_of(const Graph& graph) {
  std::vector<Readers> readers(graph.values.size());
  for (size_t n = 0; n < graph.nodes.size(); ++n)
    for (ValueId id : graph.nodes[n].inputs) readers[id] = {readers[id].count + 1, n};
  return readers;
}

bool is_for_relu(const Graph& graph, const Readers& readers) {
  return readers.count == 1 && std::holds_alternative<Relu>(graph.nodes[readers.last].op);
}

/// What has kernels for bfloat16 that are as fast as convolutions make it.
template <class Op>
constexpr bool kTakesBf16 =
    std::is_same_v<Op, Relu> || std::is_same_v<Op, MaxPool> || std::is_same_v<Op, Add> ||
    std::is_same_v<Op, Concat> || std::is_same_v<Op, ChannelShuffle>;

bool is_bf16(const Tensor& x) { return x.scalar_type() == at::kBFloat16; }

void convert_all(Inputs& in, at::ScalarType to) {
  for (Tensor& x : in) x = x.to(to);
}

/// Functions of ours: x as it comes, while the numbers of channels stay fp32.
template <class Op>
bool is_our_own(const Inputs& in) {
  if (std::is_same_v<Op, PRelu>) return has_slope_by_channel(in);
  return std::is_same_v<Op, BatchNorm> || std::is_same_v<Op, Sign>;
}

/// A node's inputs in the precision that it computes in. Of several, one in bfloat16 is enough: mixed ones
/// are slow.
template <class Op>
void convert(Inputs& in, const Site& site) {
  const bool half = site.pass.bf16 && site.node >= site.pass.frozen;
  if (half && is_our_own<Op>(in)) return;
  const bool to_bf16 =
      half && (std::is_same_v<Op, Conv2d> || (kTakesBf16<Op> && std::ranges::any_of(in, is_bf16)));
  convert_all(in, to_bf16 ? at::kBFloat16 : at::kFloat);
}

Tensor run_any(const Op& any, Inputs& in, const Site& site) {
  return std::visit(
      [&](const auto& op) {
        convert<std::decay_t<decltype(op)>>(in, site);
        return run(op, in, site);
      },
      any);
}

}  // namespace

Tensor lower(const Graph& graph, const std::vector<Tensor>& constants, const Tensor& input, ValueId wanted,
             const Pass& pass) {
  const std::vector<Readers> readers = readers_of(graph);
  std::vector<Tensor> values = constants;
  std::vector<bool> rectified(values.size());
  values[graph.inputs[0]] = input;
  for (size_t n = 0; n < graph.nodes.size() && !values[wanted].defined(); ++n) {
    const Node& node = graph.nodes[n];
    Inputs inputs;
    for (ValueId id : node.inputs) inputs.push_back(values[id]);
    const Site site{.pass = pass,
                    .node = n,
                    .training = pass.training && n >= pass.frozen,
                    .with_relu = node.output != wanted && is_for_relu(graph, readers[node.output])};
    const bool done = rectified[node.inputs[0]] && std::holds_alternative<Relu>(node.op);
    values[node.output] = done ? inputs[0] : run_any(node.op, inputs, site);
    rectified[node.output] = std::visit([&](const auto& op) { return does_relu(op, inputs, site); }, node.op);
    for (ValueId id : node.inputs)
      if (readers[id].last == n && id != wanted) values[id].reset();
  }
  return values[wanted].to(at::kFloat);
}

}  // namespace netsuke::train
