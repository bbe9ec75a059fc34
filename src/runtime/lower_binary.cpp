// Layers whose weights are signs.
#include "runtime/lower.h"

namespace netsuke::runtime {
namespace {

const Signs* signs_of(const Graph& graph, const Node& node) {
  const WeightPtr& weight = graph.values[node.inputs[1]].weight;
  return weight ? std::get_if<Signs>(&weight->encoding) : nullptr;
}

std::vector<float> bias_of(const Site& site) {
  const Values bias = site.constant(2);
  return bias ? *bias : std::vector<float>();
}

/// A step of the site's layer, with its packed signs, their scales and its bias.
template <class BinaryStep>
Lowered with_signs(std::string_view kernel, size_t (*scratch)(const kernels::ConvShape&), const Site& site) {
  const Signs& signs = *signs_of(site.graph, site.node);
  BinaryStep step;
  step.shape = layer_shape(site);
  step.weights = kernels::pack_binary(step.shape, signs.words);
  step.scale = signs.scales, step.shift = bias_of(site);
  const size_t bytes = step.weights.bytes() + 4 * (step.scale.size() + step.shift.size());
  const size_t floats = scratch(step.shape);
  return {kernel, std::move(step), Layout::pixels, floats, bytes, ""};
}

}  // namespace

bool has_binary_weights(const Graph& graph, const Node& node) {
  const auto* conv = std::get_if<Conv2d>(&node.op);
  if (!(conv && conv->groups == 1) && !std::holds_alternative<Linear>(node.op)) return false;
  return signs_of(graph, node) != nullptr;
}

kernels::ConvShape layer_shape(const Site& site) {
  if (const auto* conv = std::get_if<Conv2d>(&site.node.op))
    return conv_shape(*conv, site.input(), site.input(1), site.output());
  kernels::ConvShape s;
  s.height = s.width = s.out_height = s.out_width = 1;
  s.channels = static_cast<size_t>(site.input(1)[1]), s.out_channels = static_cast<size_t>(site.input(1)[0]);
  return s;
}

Lowered lower_binary(const Site& site) {
  return with_signs<BinaryConvStep>("binary_conv", kernels::binary_conv_scratch, site);
}

Lowered lower_binary_weights(const Site& site) {
  return with_signs<BinaryWeightStep>("binary_weights", kernels::binary_weight_conv_scratch, site);
}

}  // namespace netsuke::runtime
