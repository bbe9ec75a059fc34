#include "graph/passes/sign_threshold.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "graph/passes/order.h"
#include "graph/shapes.h"

namespace netsuke {
namespace {

struct Threshold {
  std::vector<float> at;     ///< one a channel
  std::vector<bool> turned;  ///< x has to be below, or at, the threshold
  bool turns_any() const { return std::find(turned.begin(), turned.end(), true) != turned.end(); }
};

Threshold threshold_of(const Graph& graph, const Node& norm) {
  const auto values = [&](size_t i) { return to_dense(*graph.values[norm.inputs[i]].weight).data; };
  const auto scale = values(1), bias = values(2), mean = values(3), variance = values(4);
  constexpr float kNever = std::numeric_limits<float>::max();
  Threshold t;
  for (size_t c = 0; c < scale.size(); ++c) {
    const double deviation =
        std::sqrt(static_cast<double>(variance[c]) + std::get<BatchNorm>(norm.op).epsilon);
    const bool turned = scale[c] < 0;
    auto at = static_cast<float>(mean[c] - static_cast<double>(bias[c]) * deviation / scale[c]);
    if (scale[c] == 0 || !std::isfinite(at))  // x never matters: the sign is the bias's
      at = (bias[c] >= 0) == turned ? kNever : -kNever;
    else if (turned)  // the sign that is turned around must be -1 at the threshold itself
      at = std::min(kNever, std::nextafter(at, std::numeric_limits<float>::infinity()));
    t.turned.push_back(turned);
    t.at.push_back(at);
  }
  return t;
}

class Replacer {
 public:
  explicit Replacer(const Graph& graph)
      : graph_(graph), shapes_(infer_shapes(graph)), readers_(readers(graph)) {}

  Graph run() {
    for (Node& node : graph_.nodes)
      if (std::holds_alternative<BatchNorm>(node.op)) replace(node);
    return without_unread(graph_);
  }

 private:
  bool is_output(ValueId id) const {
    return std::find(graph_.outputs.begin(), graph_.outputs.end(), id) != graph_.outputs.end();
  }
  template <class Wanted>
  bool all_readers(ValueId id, Wanted&& wanted) const {
    return !is_output(id) && !readers_[id].empty() &&
           std::all_of(readers_[id].begin(), readers_[id].end(),
                       [&](size_t n) { return wanted(graph_.nodes[n]); });
  }

  bool can_turn_inputs(const Node& layer) const {
    const auto* conv = std::get_if<Conv2d>(&layer.op);
    if (!(conv && conv->groups == 1) && !std::holds_alternative<Linear>(layer.op)) return false;
    const WeightPtr& weight = graph_.values[layer.inputs[1]].weight;
    return weight && std::holds_alternative<Signs>(weight->encoding) && readers_[layer.inputs[1]].size() == 1;
  }

  void replace(Node& norm) {
    const bool constant = std::all_of(norm.inputs.begin() + 1, norm.inputs.end(),
                                      [&](ValueId id) { return graph_.values[id].weight != nullptr; });
    const auto is_sign = [](const Node& node) { return std::holds_alternative<Sign>(node.op); };
    if (!constant || !all_readers(norm.output, is_sign)) return;
    const Threshold t = threshold_of(graph_, norm);
    const auto can_turn = [&](const Node& sign) {
      return all_readers(sign.output, [&](const Node& layer) { return can_turn_inputs(layer); });
    };
    if (t.turns_any()) {
      if (!all_readers(norm.output, can_turn)) return;
      for (size_t sign : readers_[norm.output])
        for (size_t layer : readers_[graph_.nodes[sign].output]) turn_inputs(graph_.nodes[layer], t.turned);
    }
    Shape shape(shapes_[norm.output].size() - 1, 1);
    shape[0] = static_cast<int64_t>(t.at.size());
    const std::string name = graph_.values[norm.output].name + ".operand";
    graph_.values.push_back({name, {}, make_weight(shape, Dense{t.at})});
    norm.inputs = {norm.inputs[0], static_cast<ValueId>(graph_.values.size() - 1)};
    norm.op = Sub{};
  }

  /// The weights of these channels become their negatives.
  void turn_inputs(const Node& layer, const std::vector<bool>& channels) {
    WeightPtr& weight = graph_.values[layer.inputs[1]].weight;
    Signs signs = std::get<Signs>(weight->encoding);
    const auto count = static_cast<size_t>(weight_count(*weight));
    const size_t filters = signs.scales.size(), places = count / filters / channels.size();
    for (size_t i = 0; i < count; ++i)
      if (channels[i / places % channels.size()]) signs.words[i / 64] ^= uint64_t{1} << (i % 64);
    signs.latent.clear();
    weight = make_weight(weight->shape, std::move(signs));
  }

  Graph graph_;
  const std::vector<Shape> shapes_;
  const std::vector<std::vector<size_t>> readers_;
};

}  // namespace

Graph with_sign_thresholds(const Graph& graph) { return Replacer(graph).run(); }

}  // namespace netsuke
