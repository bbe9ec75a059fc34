#include "graph/passes/fold_batch_norm.h"

#include <cmath>

#include "base/error.h"
#include "graph/passes/order.h"
#include "graph/passes/uses.h"

namespace netsuke {
namespace {

/// y = factor x + shift for each channel.
struct Affine {
  std::vector<double> factor, shift;
};

Affine affine_of(const Graph& graph, const Node& node) {
  const auto values = [&](size_t i) { return to_dense(*graph.values[node.inputs[i]].weight).data; };
  const auto scale = values(1), bias = values(2), mean = values(3), variance = values(4);
  Affine a;
  for (size_t c = 0; c < scale.size(); ++c) {
    a.factor.push_back(scale[c] /
                       std::sqrt(static_cast<double>(variance[c]) + std::get<BatchNorm>(node.op).epsilon));
    a.shift.push_back(bias[c] - a.factor[c] * mean[c]);
  }
  return a;
}

class Folder {
 public:
  explicit Folder(const Graph& graph) : graph_(graph), uses_(graph_) {}

  Graph run() {
    for (Node& node : graph_.nodes) {
      if (std::holds_alternative<BatchNorm>(node.op)) into_layer_before(node);
      if (is_layer(node)) into_layer_after(node);
    }
    return without_unread(graph_);
  }

 private:
  static bool is_layer(const Node& node) {
    return std::holds_alternative<Conv2d>(node.op) || std::holds_alternative<Linear>(node.op);
  }
  /// Nodes whose constants others read too, or whose parameters are computed, are left alone.
  bool is_foldable(const Node& node) const {
    for (size_t i = 1; i < node.inputs.size(); ++i)
      if (!graph_.values[node.inputs[i]].weight || uses_.reads[node.inputs[i]] != 1) return false;
    return true;
  }

  static bool is_binary(const Weight& weight) { return std::holds_alternative<Signs>(weight.encoding); }

  /// Each filter times its factor; signs stay signs.
  static WeightPtr scaled(const Weight& weight, const std::vector<double>& factor) {
    const auto times = [](float& value, double by) { value = static_cast<float>(value * by); };
    if (const auto* signs = std::get_if<Signs>(&weight.encoding)) {
      Signs result{signs->scales, signs->words, {}};
      for (size_t o = 0; o < factor.size(); ++o) times(result.scales[o], factor[o]);
      return make_weight(weight.shape, std::move(result));
    }
    Tensor dense = to_dense(weight);
    const size_t row = factor.empty() ? 0 : dense.size() / factor.size();
    for (size_t i = 0; i < dense.size(); ++i) times(dense.data[i], factor[i / row]);
    return make_dense(std::move(dense));
  }

  Tensor weight(const Node& layer) const { return to_dense(*graph_.values[layer.inputs[1]].weight); }
  std::vector<double> bias(const Node& layer, size_t outputs) const {
    if (layer.inputs.size() < 3) return std::vector<double>(outputs);
    const auto values = to_dense(*graph_.values[layer.inputs[2]].weight).data;
    return {values.begin(), values.end()};
  }

  ValueId add_constant(const std::string& name, WeightPtr weight) {
    graph_.values.push_back({name, {}, std::move(weight)});
    uses_.add_constant(1);
    return static_cast<ValueId>(graph_.values.size() - 1);
  }

  /// `node` becomes the layer `op` over x with these weights.
  void become(Node& node, const Op& op, ValueId x, WeightPtr weight, const std::vector<double>& bias) {
    Tensor narrow({static_cast<int64_t>(bias.size())}, {bias.begin(), bias.end()});
    node.op = op;
    // The constants that had these names have no reader any more.
    const std::string name = graph_.values[node.output].name;
    const ValueId w = add_constant(name + ".weight", std::move(weight)),
                  b = add_constant(name + ".bias", make_dense(std::move(narrow)));
    for (ValueId id : node.inputs) --uses_.reads[id];
    node.inputs = {x, w, b};
    ++uses_.reads[x];
  }

  void into_layer_before(Node& node) {
    const Node* layer = uses_.maker[node.inputs[0]];
    if (!layer || !is_layer(*layer) || uses_.reads[layer->output] != 1 || !is_foldable(*layer) ||
        !is_foldable(node))
      return;
    const Affine a = affine_of(graph_, node);
    std::vector<double> b = bias(*layer, a.factor.size());
    for (size_t o = 0; o < b.size(); ++o) b[o] = b[o] * a.factor[o] + a.shift[o];
    take_name(graph_, node, *layer);
    become(node, layer->op, layer->inputs[0], scaled(*graph_.values[layer->inputs[1]].weight, a.factor), b);
  }

  void into_layer_after(Node& layer) {
    const Node* norm = uses_.maker[layer.inputs[0]];
    if (!norm || !std::holds_alternative<BatchNorm>(norm->op) || uses_.reads[norm->output] != 1) return;
    if (!is_foldable(layer) || !is_foldable(*norm)) return;
    const auto* conv = std::get_if<Conv2d>(&layer.op);
    if (conv && conv->pad != Pads{}) return;
    if (is_binary(*graph_.values[layer.inputs[1]].weight)) return;
    const Affine a = affine_of(graph_, *norm);
    Tensor w = weight(layer);
    const auto outputs = static_cast<size_t>(w.dim(0)), inputs = static_cast<size_t>(w.dim(1));
    const size_t kernel = outputs * inputs == 0 ? 0 : w.size() / (outputs * inputs);
    const size_t per_group = outputs / static_cast<size_t>(conv ? conv->groups : 1);
    std::vector<double> b = bias(layer, outputs);
    for (size_t o = 0; o < outputs; ++o)
      for (size_t i = 0; i < inputs; ++i) {
        const size_t channel = o / per_group * inputs + i;
        for (size_t k = 0; k < kernel; ++k) {
          float& value = w.data[(o * inputs + i) * kernel + k];
          b[o] += value * a.shift[channel];
          value = static_cast<float>(value * a.factor[channel]);
        }
      }
    become(layer, layer.op, norm->inputs[0], make_dense(std::move(w)), b);
  }

  Graph graph_;
  Uses uses_;
};

}  // namespace

Graph fold_batch_norms(const Graph& graph) { return Folder(graph).run(); }

}  // namespace netsuke
