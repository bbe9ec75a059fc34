#include "runtime/lower.h"

#include <cmath>
#include <optional>

#include "base/error.h"
#include "graph/shapes.h"
#include "kernels/elementwise/activation.h"
#include "runtime/broadcast.h"
#include "runtime/views.h"

namespace netsuke::runtime {
namespace {

// A step that needs more scratch memory than this (4 GB a thread) comes from a damaged or hostile file.
constexpr int64_t kMostScratch = int64_t{1} << 30;

size_t size(int64_t n) { return static_cast<size_t>(n); }

// What the choices below look at.
struct Site {
  const Graph& graph;
  const Node& node;
  const std::vector<Shape>& shapes;

  const Shape& input(size_t i = 0) const { return shapes[node.inputs[i]]; }
  const Shape& output() const { return shapes[node.output]; }
  const std::string& name() const { return node_name(graph, node); }
};

Values values_of(const WeightPtr& weight) {
  if (const auto* dense = std::get_if<Dense>(&weight->encoding)) return {weight, &dense->values};
  return std::make_shared<std::vector<float>>(to_dense(*weight).data);
}

// The values of constant input i, null if the node doesn't have that many.
Values constant(const Site& site, size_t i) {
  return i < site.node.inputs.size() ? values_of(site.graph.values[site.node.inputs[i]].weight) : nullptr;
}

// What the step reads as the node's input i.
Source source(const Site& site, size_t i) {
  if (site.graph.values[site.node.inputs[i]].weight) return {constant(site, i), 0};
  size_t before = 0;
  for (size_t k = 0; k < i; ++k) before += site.graph.values[site.node.inputs[k]].weight == nullptr;
  return {nullptr, before};
}

Lowered reference(const Site& site) {
  ReferenceStep step{site.node.op, {}, {}};
  for (size_t i = 0; i < site.node.inputs.size(); ++i) {
    step.sources.push_back(source(site, i));
    step.shapes.push_back(site.input(i));
  }
  return {"reference", std::move(step), 0};
}

// Elements of one channel.
size_t plane_of(const Shape& shape) { return size(element_count(Shape(shape.begin() + 2, shape.end()))); }

// A stride is never taken if there is one output only; it may then be any number.
size_t stride_of(int stride, int64_t outputs) { return outputs == 1 ? 1 : static_cast<size_t>(stride); }

int64_t checked_scratch(const Site& site, const Shape& padded) {
  const int64_t count = element_count(padded);
  if (count > kMostScratch)
    fail(ErrorCode::unsupported, "node ", site.name(), ": its padded input ", to_text(padded),
         " has more than ", kMostScratch, " elements");
  return count;
}

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

Lowered choose(const Conv2d& op, const Site& site) {
  const kernels::ConvShape s = conv_shape(op, site.input(), site.input(1), site.output());
  ConvolutionStep step{s, constant(site, 1), constant(site, 2)};
  if (s.is_pointwise() && s.groups == 1) return {"conv_1x1_gemm", std::move(step), 0};
  checked_scratch(site, {site.input()[1], static_cast<int64_t>(s.padded_height()),
                         static_cast<int64_t>(s.padded_width())});
  return {"conv_gemm", std::move(step), kernels::conv2d_scratch(s)};
}

Lowered choose(const Linear&, const Site& site) {
  const Shape& w = site.input(1);
  const Values weights = constant(site, 1), bias = constant(site, 2);
  const std::span<const float> bias_span = bias ? std::span<const float>(*bias) : std::span<const float>();
  return {"linear_gemm", LinearStep{kernels::pack_panels(weights->data(), size(w[0]), size(w[1]), bias_span)},
          0};
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
  checked_scratch(site, {static_cast<int64_t>(kernels::pool_scratch(s))});
  return {average ? "avg_pool" : "max_pool", PoolStep{s, size(x[1]), average}, kernels::pool_scratch(s)};
}

Lowered choose(const MaxPool& op, const Site& site) { return choose_pool(op, site, false, false); }
Lowered choose(const AvgPool& op, const Site& site) { return choose_pool(op, site, true, op.count_pad); }

// scale (x - mean) / sqrt(variance + epsilon) + bias as one multiplication and one addition.
Lowered choose(const BatchNorm& op, const Site& site) {
  const Values scale = constant(site, 1), bias = constant(site, 2), mean = constant(site, 3),
               variance = constant(site, 4);
  ScaleShiftStep step{scale->size(), plane_of(site.input()), *scale, *bias};
  for (size_t c = 0; c < step.channels; ++c) {
    const double factor = (*scale)[c] / std::sqrt(static_cast<double>((*variance)[c]) + op.epsilon);
    step.scale[c] = static_cast<float>(factor);
    step.shift[c] = static_cast<float>((*bias)[c] - factor * (*mean)[c]);
  }
  return {"scale_shift", std::move(step), 0};
}

Lowered choose(const GlobalAvgPool&, const Site& site) {
  return {"plane_means", MeanStep{size(site.input()[1]), plane_of(site.input())}, 0};
}
Lowered choose(const Softmax&, const Site& site) {
  return {"softmax", SoftmaxStep{size(site.input()[1]), plane_of(site.input())}, 0};
}
Lowered choose(const Relu&, const Site&) { return {"clamp", ClampStep{}, 0}; }
Lowered choose(const Clip&, const Site&) { return {"clamp", ClampStep{}, 0}; }

Lowered choose_arithmetic(kernels::Arithmetic op, const Site& site) {
  const std::optional<Broadcast> b = broadcast(site.input(0), site.input(1), site.output());
  if (!b) return reference(site);
  return {op_name(site.node.op),
          ArithmeticStep{op,
                         b->rows,
                         b->columns,
                         {source(site, 0), b->row_step[0], b->column_step[0]},
                         {source(site, 1), b->row_step[1], b->column_step[1]}},
          0};
}
Lowered choose(const Add&, const Site& site) { return choose_arithmetic(kernels::Arithmetic::add, site); }
Lowered choose(const Mul&, const Site& site) {
  return choose_arithmetic(kernels::Arithmetic::multiply, site);
}
Lowered choose(const Sub&, const Site& site) {
  return choose_arithmetic(kernels::Arithmetic::subtract, site);
}
Lowered choose(const Div&, const Site& site) { return choose_arithmetic(kernels::Arithmetic::divide, site); }
Lowered choose(const PRelu&, const Site& site) { return choose_arithmetic(kernels::Arithmetic::prelu, site); }

Lowered choose(const Sigmoid& op, const Site&) { return {op.name, ActivationStep{kernels::sigmoid}, 0}; }
Lowered choose(const Tanh& op, const Site&) { return {op.name, ActivationStep{kernels::tanh}, 0}; }
Lowered choose(const HardSwish& op, const Site&) { return {op.name, ActivationStep{kernels::hard_swish}, 0}; }
Lowered choose(const LeakyRelu& op, const Site&) {
  return {op.name, ActivationStep{[op](const float* x, size_t count, float* out) {
            kernels::leaky_relu(x, count, op.alpha, out);
          }},
          0};
}
Lowered choose(const HardSigmoid& op, const Site&) {
  return {op.name, ActivationStep{[op](const float* x, size_t count, float* out) {
            kernels::hard_sigmoid(x, count, op.alpha, op.beta, out);
          }},
          0};
}

Lowered choose(const Lrn& op, const Site& site) {
  const int before = (op.size - 1) / 2;
  const kernels::LrnShape shape{size(site.input()[1]), plane_of(site.input()), size(before),
                                size(op.size - 1 - before)};
  return {"lrn", LrnStep{shape, op.alpha / static_cast<float>(op.size), op.beta, op.k}, 0};
}

Lowered choose(const Concat&, const Site& site) {
  ConcatStep step;
  for (size_t i = 0; i < site.node.inputs.size(); ++i) {
    step.parts.push_back(source(site, i));
    step.sizes.push_back(size(element_count(site.input(i))));
  }
  return {"concat", std::move(step), 0};
}

template <class Rearranging>
Lowered choose_copy(const Rearranging& op, const Site& site) {
  return {"copy", CopyStep{kernels::merged(view_of(op, site.input(), site.output()))}, 0};
}
Lowered choose(const Slice& op, const Site& site) { return choose_copy(op, site); }
Lowered choose(const Transpose& op, const Site& site) { return choose_copy(op, site); }
Lowered choose(const ChannelShuffle& op, const Site& site) { return choose_copy(op, site); }
Lowered choose(const DepthToSpace& op, const Site& site) { return choose_copy(op, site); }

// Flatten, Reshape and Dropout never get here: the plan passes their input on.
template <class Other>
Lowered choose(const Other&, const Site& site) {
  return reference(site);
}

}  // namespace

std::vector<ValueId> data_inputs(const Graph& graph, const Node& node) {
  std::vector<ValueId> data;
  for (ValueId id : node.inputs)
    if (!graph.values[id].weight) data.push_back(id);
  return data;
}

bool needs_constants(const Op& op) {
  return std::holds_alternative<Conv2d>(op) || std::holds_alternative<ConvTranspose2d>(op) ||
         std::holds_alternative<Linear>(op) || std::holds_alternative<BatchNorm>(op);
}

bool takes_clamp(const Work& work) {
  return std::holds_alternative<ConvolutionStep>(work) || std::holds_alternative<LinearStep>(work) ||
         std::holds_alternative<ScaleShiftStep>(work) || std::holds_alternative<ArithmeticStep>(work) ||
         std::holds_alternative<ClampStep>(work);
}

std::optional<kernels::Clamp> clamp_of(const Op& op) {
  if (std::holds_alternative<Relu>(op)) return kernels::Clamp{0, kernels::Clamp{}.high};
  if (const auto* clip = std::get_if<Clip>(&op)) return kernels::Clamp{clip->min, clip->max};
  return std::nullopt;
}

Lowered lower(const Graph& graph, const Node& node, const std::vector<Shape>& shapes) {
  const Site site{graph, node, shapes};
  return std::visit([&](const auto& op) { return choose(op, site); }, node.op);
}

}  // namespace netsuke::runtime
