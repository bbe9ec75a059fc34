#include "runtime/lower.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>

#include "base/error.h"
#include "graph/ops/sampling.h"
#include "kernels/elementwise/activation.h"
#include "kernels/elementwise/image_group_norm.h"
#include "runtime/broadcast.h"
#include "runtime/views.h"

namespace netsuke::runtime {
namespace {

bool is_image(const Shape& shape) { return shape.size() == 4; }

Lowered reference(const Site& site) {
  ReferenceStep step{site.node.op, {}, {}};
  for (size_t i = 0; i < site.node.inputs.size(); ++i) {
    step.sources.push_back(site.source(i));
    step.shapes.push_back(site.input(i));
  }
  return {"reference", std::move(step)};
}

Lowered choose(const Conv2d& op, const Site& site) { return lower_conv(op, site); }
Lowered choose(const Linear&, const Site& site) { return lower_linear(site); }
Lowered choose(const ConvTranspose2d& op, const Site& site) {
  std::optional<Lowered> phases = lower_conv_transpose(op, site);
  return phases ? std::move(*phases) : reference(site);
}

template <class Pool>
Lowered choose_pool(const Pool& op, const Site& site, bool average, bool count_pad) {
  const Shape &x = site.input(), &y = site.output();
  kernels::PoolShape s;
  s.height = size(x[2]), s.width = size(x[3]), s.out_height = size(y[2]), s.out_width = size(y[3]);
  s.kernel_h = size(op.kernel.h), s.kernel_w = size(op.kernel.w);
  s.stride_h = stride_of(op.stride.h, y[2]), s.stride_w = stride_of(op.stride.w, y[3]);
  s.pad_top = size(op.pad.top), s.pad_left = size(op.pad.left);
  s.pad_bottom = size(op.pad.bottom), s.pad_right = size(op.pad.right);
  s.count_pad = count_pad;
  return {average ? "avg_pool" : "max_pool", PoolStep{s, average}, Layout::pixels};
}

Lowered choose(const MaxPool& op, const Site& site) { return choose_pool(op, site, false, false); }
Lowered choose(const AvgPool& op, const Site& site) { return choose_pool(op, site, true, op.count_pad); }

// scale (x - mean) / sqrt(variance + epsilon) + bias as one multiplication and one addition.
Lowered choose(const BatchNorm& op, const Site& site) {
  const Values scale = site.constant(1), bias = site.constant(2), mean = site.constant(3),
               variance = site.constant(4);
  ScaleShiftStep step{*scale, *bias};
  for (size_t c = 0; c < scale->size(); ++c) {
    const double factor = (*scale)[c] / std::sqrt(static_cast<double>((*variance)[c]) + op.epsilon);
    step.scale[c] = static_cast<float>(factor);
    step.shift[c] = static_cast<float>((*bias)[c] - factor * (*mean)[c]);
  }
  return {"scale_shift", std::move(step), Layout::pixels};
}

Lowered choose(const GlobalAvgPool&, const Site&) { return {"mean", ReduceStep{true}, Layout::pixels}; }
Lowered choose(const GlobalMaxPool&, const Site&) { return {"max", ReduceStep{false}, Layout::pixels}; }
Lowered choose(const Softmax&, const Site&) { return {"softmax", SoftmaxStep{}, Layout::planes}; }
Lowered choose(const Relu&, const Site& site) { return {"clamp", ClampStep{}, site.layouts[0]}; }
Lowered choose(const Clip&, const Site& site) { return {"clamp", ClampStep{}, site.layouts[0]}; }

// How operand i of an image in layout `pixels` is laid over the result [1, C, H, W]: as a whole, one value a
// channel, one a pixel, or one in all. Nothing for other ways.
std::optional<Side> pixel_side(const Site& site, size_t i) {
  const Shape& out = site.output();
  Shape shape = site.input(i);
  shape.insert(shape.begin(), out.size() - shape.size(), 1);
  const size_t channels = size(shape[1]), pixels = size(shape[2] * shape[3]);
  const bool all_channels = shape[1] == out[1], all_pixels = shape[2] == out[2] && shape[3] == out[3];
  if (shape[0] != 1 || !(all_channels || channels == 1) || !(all_pixels || pixels == 1)) return std::nullopt;
  Source source = site.source(i);
  if (source.constant) source.constant = in_pixels(*source.constant, channels);
  return Side{std::move(source), all_pixels ? channels : 0, size_t{all_channels}};
}

Lowered choose_arithmetic(kernels::Arithmetic op, const Site& site) {
  const std::string_view name = op_name(site.node.op);
  const bool in_pixels =
      std::find(site.layouts.begin(), site.layouts.end(), Layout::pixels) != site.layouts.end();
  if (in_pixels && is_image(site.output())) {
    const std::optional<Side> x = pixel_side(site, 0), y = pixel_side(site, 1);
    const Shape& out = site.output();
    if (x && y)
      return {name, ArithmeticStep{op, size(out[2] * out[3]), size(out[1]), *x, *y}, Layout::pixels};
  }
  const std::optional<Broadcast> b = broadcast(site.input(0), site.input(1), site.output());
  if (!b) return reference(site);
  return {name, ArithmeticStep{op,
                               b->rows,
                               b->columns,
                               {site.source(0), b->row_step[0], b->column_step[0]},
                               {site.source(1), b->row_step[1], b->column_step[1]}}};
}
Lowered choose(const Add&, const Site& site) { return choose_arithmetic(kernels::Arithmetic::add, site); }
Lowered choose(const Mul&, const Site& site) {
  return choose_arithmetic(kernels::Arithmetic::multiply, site);
}
Lowered choose(const Sub&, const Site& site) {
  return choose_arithmetic(kernels::Arithmetic::subtract, site);
}
Lowered choose(const Div&, const Site& site) { return choose_arithmetic(kernels::Arithmetic::divide, site); }
Lowered choose(const PRelu&, const Site& site) {
  const Shape& x = site.input();
  if (is_image(x) && site.is_constant(1) && site.input(1) == Shape{x[1], 1, 1})
    return {"slopes", SlopeStep{*site.constant(1)}, Layout::pixels};
  return choose_arithmetic(kernels::Arithmetic::prelu, site);
}

Lowered activation(std::string_view name, const Site& site,
                   std::function<void(const float*, size_t, float*)> apply) {
  return {name, ActivationStep{std::move(apply)}, site.layouts[0]};
}
// Signs that others than binary layers read too.
Lowered choose(const Sign& op, const Site& site) {
  return activation(op.name, site, [](const float* x, size_t count, float* out) {
    for (size_t i = 0; i < count; ++i) out[i] = x[i] >= 0 ? 1.0f : -1.0f;
  });
}
Lowered choose(const Sigmoid& op, const Site& site) { return activation(op.name, site, kernels::sigmoid); }
Lowered choose(const Tanh& op, const Site& site) { return activation(op.name, site, kernels::tanh); }
Lowered choose(const HardSwish& op, const Site& site) {
  return activation(op.name, site, kernels::hard_swish);
}
Lowered choose(const Softplus& op, const Site& site) { return activation(op.name, site, kernels::softplus); }
Lowered choose(const Erf& op, const Site& site) { return activation(op.name, site, kernels::erf); }
Lowered choose(const Elu& op, const Site& site) {
  return activation(op.name, site, [op](const float* x, size_t count, float* out) {
    kernels::elu(x, count, op.alpha, out);
  });
}
Lowered choose(const LeakyRelu& op, const Site& site) {
  return activation(op.name, site, [op](const float* x, size_t count, float* out) {
    kernels::leaky_relu(x, count, op.alpha, out);
  });
}
Lowered choose(const HardSigmoid& op, const Site& site) {
  return activation(op.name, site, [op](const float* x, size_t count, float* out) {
    kernels::hard_sigmoid(x, count, op.alpha, op.beta, out);
  });
}

Lowered choose(const Lrn& op, const Site&) {
  const size_t before = size((op.size - 1) / 2), after = size(op.size - 1) - before;
  return {"lrn", LrnStep{before, after, op.alpha / static_cast<float>(op.size), op.beta, op.k},
          Layout::pixels};
}

Lowered choose(const LayerNorm& op, const Site& site) {
  if (!is_image(site.input())) return reference(site);
  return {"layer_norm", LayerNormStep{op.epsilon, *site.constant(1), *site.constant(2)}, Layout::pixels};
}

Lowered choose(const GroupNorm& op, const Site& site) {
  if (!is_image(site.input())) return reference(site);
  return {"group_norm", GroupNormStep{size(op.groups), op.epsilon, *site.constant(1), *site.constant(2)},
          Layout::pixels, kernels::image_group_norm_scratch(size(site.input()[1]))};
}

// Which of `from` pixels an axis of a padded image takes, of which `before` are new.
std::vector<size_t> sources_of(const Pad& op, int64_t before, int64_t from, int64_t to) {
  std::vector<size_t> sources;
  for (int64_t i = -before; i < to - before; ++i) {
    const int64_t pixel = op.mode == 0 ? i : ops::padding_source(op.mode, i, from);
    sources.push_back(pixel >= 0 && pixel < from ? size(pixel) : kernels::ImagePad::kNone);
  }
  return sources;
}

// What a hostile file may ask for, if it is one pixel wide.
bool is_endless(const Shape& image) { return image[2] + image[3] > 1 << 24; }

Lowered choose(const Pad& op, const Site& site) {
  const Shape &x = site.input(), &y = site.output();
  if (is_endless(y)) return reference(site);
  return {"pad",
          PadStep{{size(x[3]), size(x[1]), sources_of(op, op.pad.top, x[2], y[2]),
                   sources_of(op, op.pad.left, x[3], y[3]), op.value}},
          Layout::pixels};
}

std::vector<kernels::ResizeSource> sources_of(const Resize& op, int64_t from, int64_t to) {
  std::vector<kernels::ResizeSource> sources;
  for (int64_t i = 0; i < to; ++i) {
    const ops::Sample s = ops::sample(op, i, from, to);
    sources.push_back({size(s.first), size(s.second), static_cast<float>(s.share)});
  }
  return sources;
}

Lowered choose(const Resize& op, const Site& site) {
  const Shape &x = site.input(), &y = site.output();
  if (is_endless(y)) return reference(site);
  return {"resize",
          ResizeStep{{size(x[3]), size(x[1]), sources_of(op, x[2], y[2]), sources_of(op, x[3], y[3])}},
          Layout::pixels};
}

template <class Rearranging>
Lowered choose_copy(const Rearranging& op, const Site& site) {
  return {"copy", CopyStep{kernels::merged(view_of(op, site.input(), site.output()))}};
}
Lowered choose(const Slice& op, const Site& site) { return choose_copy(op, site); }
Lowered choose(const Transpose& op, const Site& site) { return choose_copy(op, site); }
Lowered choose(const DepthToSpace& op, const Site& site) { return choose_copy(op, site); }

// Output channel c is channel c / groups of group c % groups (ShuffleNet, figure 1).
Lowered choose(const ChannelShuffle& op, const Site& site) {
  if (site.layouts[0] == Layout::planes) return choose_copy(op, site);
  const auto channels = static_cast<uint32_t>(site.input()[1]), groups = static_cast<uint32_t>(op.groups);
  ShuffleStep step{std::vector<uint32_t>(channels)};
  for (uint32_t c = 0; c < channels; ++c) step.order[c] = c % groups * (channels / groups) + c / groups;
  return {"shuffle", std::move(step), Layout::pixels};
}

// Flatten, reshape, dropout and concatenation never get here: the plan sees to them.
template <class Other>
Lowered choose(const Other&, const Site& site) {
  return reference(site);
}

}  // namespace

Values Site::constant(size_t i) const {
  if (i >= node.inputs.size()) return nullptr;
  const WeightPtr values = weight(i);
  if (const auto* dense = std::get_if<Dense>(&values->encoding)) return {values, &dense->values};
  return std::make_shared<std::vector<float>>(to_dense(*values).data);
}

Source Site::source(size_t i) const {
  if (is_constant(i)) return {constant(i), 0};
  size_t before = 0;
  for (size_t k = 0; k < i; ++k) before += !is_constant(k);
  return {nullptr, before};
}

void check_scratch(const Site& site, const Shape& needed) {
  // More than this (4 GB a thread) comes from a damaged or hostile file.
  constexpr int64_t kMost = int64_t{1} << 30;
  if (element_count(needed) > kMost)
    fail(ErrorCode::unsupported, "node ", site.name(), ": its padded input ", to_text(needed),
         " has more than ", kMost, " elements");
}

Values in_pixels(const std::vector<float>& planes, size_t channels) {
  const size_t pixels = channels ? planes.size() / channels : 0;
  auto values = std::make_shared<std::vector<float>>(planes.size());
  for (size_t c = 0; c < channels; ++c)
    for (size_t p = 0; p < pixels; ++p) (*values)[p * channels + c] = planes[c * pixels + p];
  return values;
}

std::vector<ValueId> data_inputs(const Graph& graph, const Node& node) {
  std::vector<ValueId> data;
  for (ValueId id : node.inputs)
    if (!graph.values[id].weight) data.push_back(id);
  return data;
}

bool needs_constants(const Op& op) {
  return std::holds_alternative<Conv2d>(op) || std::holds_alternative<ConvTranspose2d>(op) ||
         std::holds_alternative<Linear>(op) || std::holds_alternative<BatchNorm>(op) ||
         std::holds_alternative<LayerNorm>(op) || std::holds_alternative<GroupNorm>(op);
}

bool takes_clamp(const Work& work) {
  return takes_addition(work) || std::holds_alternative<DepthwiseStep>(work) ||
         std::holds_alternative<CodedStep>(work) || std::holds_alternative<BinaryConvStep>(work) ||
         std::holds_alternative<SparseLinearStep>(work) || std::holds_alternative<SparseRowsStep>(work) ||
         std::holds_alternative<SparseTilesStep>(work) || std::holds_alternative<LinearStep>(work) ||
         std::holds_alternative<ScaleShiftStep>(work) || std::holds_alternative<SlopeStep>(work) ||
         std::holds_alternative<ArithmeticStep>(work) || std::holds_alternative<ClampStep>(work);
}

bool takes_addition(const Work& work) {
  if (const auto* binary = std::get_if<BinaryConvStep>(&work)) return binary->slope.empty();
  if (const auto* coded = std::get_if<CodedStep>(&work)) return coded->is_convolution;
  return std::holds_alternative<BinaryWeightStep>(work) || std::holds_alternative<ConvolutionStep>(work) ||
         std::holds_alternative<WinogradStep>(work) || std::holds_alternative<SparseConvStep>(work) ||
         std::holds_alternative<TransposedStep>(work);
}

std::optional<kernels::Clamp> clamp_of(const Op& op) {
  if (std::holds_alternative<Relu>(op)) return kernels::Clamp{0, kernels::Clamp{}.high};
  if (const auto* clip = std::get_if<Clip>(&op)) return kernels::Clamp{clip->min, clip->max};
  return std::nullopt;
}

Lowered lower_concat(const Site& site) {
  ConcatStep step;
  for (size_t i = 0; i < site.node.inputs.size(); ++i) {
    step.parts.push_back(site.source(i));
    step.sizes.push_back(size(element_count(site.input(i))));
  }
  return {"concat", std::move(step)};
}

Lowered lower(const Site& site) {
  return std::visit([&](const auto& op) { return choose(op, site); }, site.node.op);
}

}  // namespace netsuke::runtime
