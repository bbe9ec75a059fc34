#include "onnx/recognise.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "base/text.h"
#include "graph/passes/order.h"
#include "graph/passes/uses.h"
#include "graph/shapes.h"

namespace netsuke::onnx {
namespace {

/// A graph with who makes and who reads each value, kept as nodes are rewritten in place.
class Rewriter {
 public:
  explicit Rewriter(Graph graph) : graph_(std::move(graph)), shapes_(infer_shapes(graph_)), uses_(graph_) {}

  Graph run(const std::set<size_t>& turned) {
    for (size_t i : turned) channels_first(graph_.inputs[i]);
    for (Node& node : graph_.nodes) {
      channel_shuffle(node);
      flatten(node);
      hard_sigmoid(node);
      hard_swish(node);
      bias(node);
      group_norm(node);
      sign(node);
      input_scale(node);
    }
    return without_unread(graph_);
  }

 private:
  /// The node that computes `id` if it is an Op.
  template <class Op>
  const Node* made_by(ValueId id) const {
    const Node* node = uses_.maker[id];
    return node && std::holds_alternative<Op>(node->op) ? node : nullptr;
  }

  void replace(Node& node, Op op, std::vector<ValueId> inputs) {
    for (ValueId id : inputs) ++uses_.reads[id];
    for (ValueId id : node.inputs) --uses_.reads[id];
    node.op = std::move(op);
    node.inputs = std::move(inputs);
  }

  /// The one number that a constant holds.
  std::optional<float> number(ValueId id) const {
    const WeightPtr& weight = graph_.values[id].weight;
    if (!weight || weight_count(*weight) != 1) return std::nullopt;
    return to_dense(*weight).data[0];
  }

  /// The other input of an addition or product whose one input is the number `expected`.
  template <class Op>
  std::optional<ValueId> other_than(const Node& node, float expected) const {
    if (!std::holds_alternative<Op>(node.op)) return std::nullopt;
    for (size_t i = 0; i < 2; ++i) {
      const auto found = number(node.inputs[i]);
      if (found && std::abs(*found - expected) <= 1e-6f * std::abs(expected)) return node.inputs[1 - i];
    }
    return std::nullopt;
  }

  /// x if the node is x / 6 or x times 1/6.
  std::optional<ValueId> sixth(const Node& node) const {
    if (std::holds_alternative<Div>(node.op) && number(node.inputs[1]) == 6.0f) return node.inputs[0];
    return other_than<Mul>(node, 1.0f / 6);
  }

  /// x if `id` is clip(x + 3, 0, 6).
  std::optional<ValueId> shifted_relu6(ValueId id) const {
    const Node* clip = made_by<Clip>(id);
    if (!clip || std::get<Clip>(clip->op) != Clip{0, 6}) return std::nullopt;
    const Node* sum = made_by<Add>(clip->inputs[0]);
    return sum ? other_than<Add>(*sum, 3) : std::nullopt;
  }

  /// Images that come channels last and are turned before all else come channels first. With one channel both
  /// are the same, and a Reshape turns them as well.
  void channels_first(ValueId input) {
    const Shape x = graph_.values[input].shape;
    if (x.size() != 4) return;
    const Shape turned{x[0], x[3], x[1], x[2]};
    const auto is_output = [&](ValueId id) {
      return std::find(graph_.outputs.begin(), graph_.outputs.end(), id) != graph_.outputs.end();
    };
    std::vector<ValueId> turns;  // what is the input in its new form
    for (const Node& node : graph_.nodes) {
      if (std::find(node.inputs.begin(), node.inputs.end(), input) == node.inputs.end()) continue;
      const auto* turn = std::get_if<Transpose>(&node.op);
      const bool is_reshape =
          std::holds_alternative<Reshape>(node.op) || std::holds_alternative<Flatten>(node.op);
      const bool is_turn = turn ? turn->perm.values == std::vector<int64_t>{0, 3, 1, 2}
                                : x[3] == 1 && is_reshape && shapes_[node.output] == turned;
      // Of one channel, what only reshapes does not see the difference.
      const bool is_indifferent = x[3] == 1 && is_reshape && !is_turn;
      if (is_indifferent) continue;
      if (!is_turn || is_output(node.output)) return;
      turns.push_back(node.output);
    }
    if (turns.empty() || is_output(input)) return;
    shapes_[input] = graph_.values[input].shape = turned;
    for (Node& reader : graph_.nodes)
      for (ValueId& id : reader.inputs)
        if (std::find(turns.begin(), turns.end(), id) != turns.end()) {
          --uses_.reads[id], ++uses_.reads[input];
          id = input;
        }
  }

  void channel_shuffle(Node& node) {
    if (!std::holds_alternative<Reshape>(node.op)) return;
    const Node* turn = made_by<Transpose>(node.inputs[0]);
    if (!turn || std::get<Transpose>(turn->op).perm.values != std::vector<int64_t>{0, 2, 1, 3, 4}) return;
    const Node* apart = made_by<Reshape>(turn->inputs[0]);
    if (!apart) return;
    const Shape &x = shapes_[apart->inputs[0]], &middle = shapes_[apart->output];
    const bool fits = x.size() == 4 && shapes_[node.output] == x && middle[3] == x[2] && middle[4] == x[3];
    if (fits) replace(node, ChannelShuffle{static_cast<int>(middle[1])}, {apart->inputs[0]});
  }

  /// Instance norms of what has its groups for channels, between two Reshapes, and factors and sums behind.
  void group_norm(Node& node) {
    if (std::holds_alternative<Reshape>(node.op)) return groups_of_reshaped(node);
    const bool factors = std::holds_alternative<Mul>(node.op);
    if (!factors && !std::holds_alternative<Add>(node.op)) return;
    for (size_t i = 0; i < 2; ++i) {
      const Node* norm = made_by<GroupNorm>(node.inputs[1 - i]);
      const auto each = norm ? one_a_channel(node.inputs[i], norm->output) : std::nullopt;
      if (!each || uses_.reads[norm->output] != 1) continue;
      std::vector<float> scale = values_of(norm->inputs[1]), shift = values_of(norm->inputs[2]);
      for (size_t c = 0; c < each->size(); ++c) {
        if (factors) scale[c] *= (*each)[c], shift[c] *= (*each)[c];
        if (!factors) shift[c] += (*each)[c];
      }
      return make_group_norm(node, *norm, norm->inputs[0], std::move(scale), std::move(shift));
    }
  }

  void groups_of_reshaped(Node& node) {
    const Node* norm = made_by<GroupNorm>(node.inputs[0]);
    const Node* apart = norm ? made_by<Reshape>(norm->inputs[0]) : nullptr;
    if (!apart || uses_.reads[norm->output] != 1) return;
    const ValueId x = apart->inputs[0];
    const int64_t groups = shapes_[norm->output][1], channels = shapes_[x].size() > 1 ? shapes_[x][1] : 0;
    const bool is_instance_norm = std::get<GroupNorm>(norm->op).groups == groups;
    if (!is_instance_norm || shapes_[node.output] != shapes_[x] || channels % groups != 0) return;
    const auto spread = [&](const std::vector<float>& one_a_group) {
      std::vector<float> values;
      for (const float value : one_a_group)
        values.insert(values.end(), static_cast<size_t>(channels / groups), value);
      return values;
    };
    make_group_norm(node, *norm, x, spread(values_of(norm->inputs[1])), spread(values_of(norm->inputs[2])));
  }

  void make_group_norm(Node& node, const Node& norm, ValueId x, std::vector<float> scale,
                       std::vector<float> shift) {
    const Op op = norm.op;
    const ValueId factors = add_vector(node, "scale", std::move(scale));
    const ValueId shifts = add_vector(node, "bias", std::move(shift));
    replace(node, op, {x, factors, shifts});
  }

  std::vector<float> values_of(ValueId constant) const {
    return to_dense(*graph_.values[constant].weight).data;
  }

  /// A new constant of the node.
  ValueId add_vector(const Node& node, const char* role, std::vector<float> values) {
    const auto id = static_cast<ValueId>(graph_.values.size());
    const Shape shape{static_cast<int64_t>(values.size())};
    graph_.values.push_back(
        {cat(graph_.values[node.output].name, '.', role), {}, make_weight(shape, Dense{std::move(values)})});
    shapes_.push_back(shape), uses_.add_constant(0);
    return id;
  }

  /// The values of a constant that has one for each channel of `out`.
  std::optional<std::vector<float>> one_a_channel(ValueId id, ValueId out) const {
    const WeightPtr& constant = graph_.values[id].weight;
    if (!constant) return std::nullopt;
    Shape per_channel(shapes_[out].size() - 1, 1);  // {C, 1, 1} or {out}
    per_channel[0] = shapes_[out][1];
    Shape found = constant->shape;
    if (found.size() == shapes_[out].size() && found[0] == 1) found.erase(found.begin());
    if (found != per_channel) return std::nullopt;
    return values_of(id);
  }

  void flatten(Node& node) {
    if (!std::holds_alternative<Flatten>(node.op)) return;
    while (const Node* before = made_by<Reshape>(node.inputs[0]))
      replace(node, Flatten{}, {before->inputs[0]});
    while (const Node* before = made_by<Flatten>(node.inputs[0]))
      replace(node, Flatten{}, {before->inputs[0]});
  }

  void hard_sigmoid(Node& node) {
    const auto clipped = sixth(node);
    if (!clipped) return;
    if (const auto x = shifted_relu6(*clipped)) return replace(node, HardSigmoid{1.0f / 6, 0.5f}, {*x});
    // (x clip(x + 3, 0, 6)) / 6
    const Node* product = made_by<Mul>(*clipped);
    if (!product) return;
    for (size_t i = 0; i < 2; ++i)
      if (shifted_relu6(product->inputs[i]) == product->inputs[1 - i])
        return replace(node, HardSwish{}, {product->inputs[1 - i]});
  }

  void hard_swish(Node& node) {
    if (!std::holds_alternative<Mul>(node.op)) return;
    for (size_t i = 0; i < 2; ++i) {
      const Node* gate = made_by<HardSigmoid>(node.inputs[i]);
      if (!gate || gate->inputs[0] != node.inputs[1 - i]) continue;
      const auto& op = std::get<HardSigmoid>(gate->op);
      if (std::abs(op.alpha - 1.0f / 6) < 1e-6f && op.beta == 0.5f)
        return replace(node, HardSwish{}, {node.inputs[1 - i]});
    }
  }

  /// The other input of an addition or product with a number that `id` is.
  template <class Op>
  std::optional<ValueId> before(ValueId id, float number) const {
    const Node* node = made_by<Op>(id);
    return node ? other_than<Op>(*node, number) : std::nullopt;
  }

  /// 2 (sign(x) / 2 + 1/2) - 1
  void sign(Node& node) {
    auto x = other_than<Add>(node, -1);
    const Node* first = x ? made_by<Mul>(*x) : nullptr;  // of the two that Where became: it has its name
    if (x) x = before<Mul>(*x, 2);
    if (x) x = before<Add>(*x, 0.5f);
    if (x) x = before<Mul>(*x, 0.5f);
    const Node* made = x ? made_by<Sign>(*x) : nullptr;
    if (!made) return;
    take_name(graph_, node, *first);
    replace(node, Sign{}, {made->inputs[0]});
  }

  /// x if `id` is x sign(x).
  std::optional<ValueId> magnitude_of(ValueId id) const {
    const Node* product = made_by<Mul>(id);
    if (!product) return std::nullopt;
    for (size_t i = 0; i < 2; ++i) {
      const Node* sign = made_by<Sign>(product->inputs[i]);
      if (sign && sign->inputs[0] == product->inputs[1 - i]) return sign->inputs[0];
    }
    return std::nullopt;
  }

  /// True if the node is a layer without bias whose weight has this shape and makes a mean.
  bool is_mean(const Node* node, const Shape& shape) const {
    if (!node || node->inputs.size() != 2) return false;
    const WeightPtr& weight = graph_.values[node->inputs[1]].weight;
    if (!weight || weight->shape != shape) return false;
    const float share = 1 / static_cast<float>(weight_count(*weight));
    const std::vector<float> values = to_dense(*weight).data;
    return std::all_of(values.begin(), values.end(),
                       [&](float v) { return std::abs(v - share) <= 1e-6f * share; });
  }

  /// x if the node is the mean of |x| over its channels.
  std::optional<ValueId> mean_magnitude_of(const Node* node) const {
    if (!node || !(std::holds_alternative<Conv2d>(node->op) || std::holds_alternative<Linear>(node->op)))
      return std::nullopt;
    Shape shape(shapes_[node->inputs[0]].size(), 1);
    shape[1] = shapes_[node->inputs[0]][1];
    if (!is_mean(node, shape) ||
        (std::holds_alternative<Conv2d>(node->op) && std::get<Conv2d>(node->op) != Conv2d{}))
      return std::nullopt;
    return magnitude_of(node->inputs[0]);
  }

  void input_scale(Node& node) {
    if (std::holds_alternative<Linear>(node.op))
      if (const auto x = mean_magnitude_of(&node)) return replace(node, InputScale{}, {*x});
    const auto* window = std::get_if<Conv2d>(&node.op);
    if (!window || window->groups != 1 || shapes_[node.inputs[0]][1] != 1) return;
    const Shape shape = shapes_[node.inputs[1]];
    const auto x = mean_magnitude_of(made_by<Conv2d>(node.inputs[0]));
    if (!x || !is_mean(&node, shape) || shape[0] != 1) return;
    const Pair kernel{static_cast<int>(shape[2]), static_cast<int>(shape[3])};
    replace(node, InputScale{kernel, window->stride, window->pad, window->dilation}, {*x});
  }

  /// layer + constant, where the constant has one number for each of the layer's outputs.
  void bias(Node& node) {
    if (!std::holds_alternative<Add>(node.op)) return;
    for (size_t i = 0; i < 2; ++i) {
      const Node* layer = uses_.maker[node.inputs[1 - i]];
      const bool takes_bias =
          layer && layer->inputs.size() == 2 && uses_.reads[layer->output] == 1 &&
          (std::holds_alternative<Conv2d>(layer->op) || std::holds_alternative<Linear>(layer->op));
      auto values = takes_bias ? one_a_channel(node.inputs[i], layer->output) : std::nullopt;
      if (!values) continue;
      take_name(graph_, node, *layer);
      const ValueId id = add_vector(node, "bias", std::move(*values));
      return replace(node, layer->op, {layer->inputs[0], layer->inputs[1], id});
    }
  }

  Graph graph_;
  std::vector<Shape> shapes_;
  Uses uses_;
};

}  // namespace

Graph recognise(Graph graph, const std::set<size_t>& turned) {
  return Rewriter(std::move(graph)).run(turned);
}

}  // namespace netsuke::onnx
