#include "compress/binarize.h"

#include <algorithm>
#include <array>
#include <set>
#include <span>

#include "base/catalog.h"
#include "base/error.h"
#include "compress/targets.h"
#include "graph/passes/order.h"
#include "graph/shapes.h"
#include "tensor/sign_scale.h"

namespace netsuke::compress {
namespace {

template <class... Ops>
bool is_any(const Op& op) {
  return (std::holds_alternative<Ops>(op) || ...);
}
bool is_layer(const Op& op) { return is_any<Conv2d, Linear>(op); }
bool is_activation(const Op& op) { return is_any<Relu, Clip, LeakyRelu, PRelu, HardSwish, Tanh, Elu>(op); }
bool is_norm(const Op& op) { return is_any<BatchNorm>(op); }
bool is_pool(const Op& op) { return is_any<MaxPool, AvgPool>(op); }
bool is_link(const Op& op) {
  return is_norm(op) || is_activation(op) || is_pool(op) || is_any<Dropout, Flatten>(op);
}

/// A graph with what its nodes are connected to.
struct Wired {
  const Graph& graph;
  std::vector<std::vector<size_t>> readers = netsuke::readers(graph);

  const Node& node(size_t n) const { return graph.nodes[n]; }
  bool is_output(ValueId id) const {
    return std::find(graph.outputs.begin(), graph.outputs.end(), id) != graph.outputs.end();
  }
  const WeightPtr& weight(const Node& layer) const { return graph.values[layer.inputs[1]].weight; }

  /// The nodes behind `n` that are the only readers of the one before them, up to the next layer, sum or
  /// branch.
  std::vector<size_t> chain(size_t n) const {
    std::vector<size_t> links;
    for (ValueId at = node(n).output;;) {
      if (readers[at].size() != 1 || is_output(at) || !is_link(node(readers[at][0]).op)) return links;
      links.push_back(readers[at][0]);
      at = node(links.back()).output;
    }
  }
  ValueId end(size_t n, const std::vector<size_t>& chain) const {
    return chain.empty() ? node(n).output : node(chain.back()).output;
  }
  bool read_by_sum(ValueId id) const {
    return std::any_of(readers[id].begin(), readers[id].end(),
                       [&](size_t r) { return is_any<Add>(node(r).op); });
  }
};

bool projects_beside(const Wired& w, size_t n) {
  const Node& layer = w.node(n);
  const Shape& weight = w.weight(layer)->shape;
  return weight.size() == 4 && weight[2] == 1 && weight[3] == 1 && w.readers[layer.inputs[0]].size() > 1 &&
         w.read_by_sum(w.end(n, w.chain(n)));
}

bool can_be_binary(const Wired& w, size_t n) {
  const Node& layer = w.node(n);
  if (!is_layer(layer.op) || !w.weight(layer) || w.graph.values[layer.inputs[0]].weight) return false;
  const auto* conv = std::get_if<Conv2d>(&layer.op);
  return (!conv || conv->groups == 1) && !projects_beside(w, n);
}

std::set<size_t> chosen(const Wired& w, const BinarizeOptions& options) {
  std::vector<size_t> layers;
  for (size_t n = 0; n < w.graph.nodes.size(); ++n)
    if (is_layer(w.node(n).op)) layers.push_back(n);
  for (const Node& node : w.graph.nodes)
    if (options.inputs && is_any<Sign>(node.op))
      fail(ErrorCode::usage, "graph ", w.graph.name, ": is binary already, its ", node_name(w.graph, node),
           " makes signs; give the real-valued network that it was made from");
  const std::vector<Target> targets = weight_targets(w.graph);
  require_known(options.keep, targets, "layers to keep real");
  const auto kept = [&](size_t n) {
    return std::any_of(targets.begin(), targets.end(), [&](const Target& target) {
      return target.name == node_name(w.graph, w.node(n)) && deciding_key(options.keep, target);
    });
  };
  std::set<size_t> binary;
  for (size_t i = 0; i < layers.size(); ++i) {
    const bool is_end = i == 0 || i + 1 == layers.size();
    if ((options.ends || !is_end) && can_be_binary(w, layers[i]) && !kept(layers[i]))
      binary.insert(layers[i]);
  }
  if (binary.empty())
    fail(ErrorCode::usage, "graph ", w.graph.name, ": none of its ", layers.size(),
         " convolutions and linear layers can be binary: the first, the last and grouped ones stay real, and "
         "so do those that are to be kept");
  return binary;
}

WeightPtr as_signs(const Weight& weight) {
  std::vector<float> values = to_dense(weight).data;
  Signs signs{{}, sign_words(values), {}};
  const auto filters = static_cast<size_t>(weight.shape[0]);
  const size_t n = values.size() / std::max<size_t>(filters, 1);
  for (size_t f = 0; f < filters; ++f)
    signs.scales.push_back(sign_scale(std::span(values).subspan(f * n, n)));
  signs.latent = std::move(values);
  return make_weight(weight.shape, std::move(signs));
}

/// Writes the graph anew, node by node.
class Binarizer {
 public:
  Binarizer(const Graph& graph, const BinarizeOptions& options)
      : w_{graph}, options_(options), binary_(chosen(w_, options)), shapes_(infer_shapes(graph)) {
    const bool some_linear =
        options.block != BinaryBlock::conventional && options.real_linear &&
        std::ranges::any_of(binary_, [&](size_t n) { return is_any<Conv2d>(w_.node(n).op); });
    for (const size_t n : binary_)
      if (!options.inputs || (some_linear && is_any<Linear>(w_.node(n).op))) only_weights_.insert(n);
    for (const size_t n : only_weights_) binary_.erase(n);
  }

  Graph run() {
    result_.name = w_.graph.name, result_.metadata = w_.graph.metadata;
    result_.values = w_.graph.values;
    result_.inputs = w_.graph.inputs, result_.outputs = w_.graph.outputs;
    for (ValueId id = 0; id < result_.values.size(); ++id) now_.push_back(id);
    for (size_t n = 0; n < w_.graph.nodes.size(); ++n)
      if (!done_.contains(n)) rewrite(n);
    for (ValueId& id : result_.outputs) id = now_[id];
    result_ = without_unread(result_);
    verify(result_);
    infer_shapes(result_);
    return std::move(result_);
  }

 private:
  void rewrite(size_t n) {
    const Node& node = w_.node(n);
    if (only_weights_.contains(n)) return binary_weights(n);
    if (options_.block == BinaryBlock::conventional && is_layer(node.op) && feeds_binary(n))
      return conventional(n);
    if (binary_.contains(n)) return block(n);
    if (is_activation(node.op) && options_.block == BinaryBlock::residual && reaches_binary(node.output))
      return activate(n);
    copy(n);
  }

  // --- Parts.

  ValueId append(const std::string& name, Op op, std::vector<ValueId> inputs) {
    const auto id = static_cast<ValueId>(result_.values.size());
    result_.values.push_back({name, {}, nullptr});
    result_.nodes.push_back({std::move(op), std::move(inputs), id});
    return id;
  }
  /// A node whose output keeps the name that it has.
  ValueId append_as(ValueId output, Op op, std::vector<ValueId> inputs) {
    result_.nodes.push_back({std::move(op), std::move(inputs), output});
    return output;
  }
  ValueId constant(const std::string& name, const Shape& shape, float value) {
    const auto count = static_cast<size_t>(element_count(shape));
    result_.values.push_back({name, {}, make_dense(Tensor(shape, std::vector<float>(count, value)))});
    return static_cast<ValueId>(result_.values.size() - 1);
  }
  /// One value a channel, as it repeats over an input of this many dimensions.
  ValueId per_channel(const std::string& name, int64_t channels, size_t rank, float value) {
    return constant(name, rank == 4 ? Shape{channels, 1, 1} : Shape{channels}, value);
  }

  void copy(size_t n) {
    const Node& node = w_.node(n);
    std::vector<ValueId> inputs;
    for (ValueId id : node.inputs) inputs.push_back(now_[id]);
    append_as(node.output, node.op, std::move(inputs));
    done_.insert(n);
  }
  /// A link of a chain, reading `x`.
  ValueId link(size_t n, ValueId x) {
    now_[w_.node(n).inputs[0]] = x;
    copy(n);
    return w_.node(n).output;
  }

  /// The weight may be signs already, where another layer shares it.
  void make_binary(const Node& layer) {
    WeightPtr& weight = result_.values[layer.inputs[1]].weight;
    if (!std::holds_alternative<Signs>(weight->encoding)) weight = as_signs(*weight);
  }
  void binary_weights(size_t n) {
    make_binary(w_.node(n));
    copy(n);
  }

  const std::string& name(size_t n) const { return node_name(w_.graph, w_.node(n)); }
  const Shape& input_shape(size_t n) const { return shapes_[w_.node(n).inputs[0]]; }
  int64_t outputs(size_t n) const { return w_.weight(w_.node(n))->shape[0]; }

  ValueId fresh_norm(const std::string& name, ValueId x, int64_t channels) {
    const auto part = [&](const char* role, float value) {
      return constant(cat(name, '.', role), {channels}, value);
    };
    const std::vector<ValueId> inputs{x, part("scale", 1), part("bias", 0), part("mean", 0),
                                      part("variance", 1)};
    return append(name, BatchNorm{kEpsilon}, inputs);
  }

  ValueId sign(size_t n, ValueId x) { return append(name(n) + ".sign", Sign{}, {x}); }
  /// A batch norm in front of a binary layer, over its input.
  ValueId norm_in_front(size_t n, ValueId x) { return fresh_norm(name(n) + ".norm", x, input_shape(n)[1]); }

  /// The layer itself; a binary one without a bias, times K of the real values that `signs` were taken from.
  ValueId convolve(size_t n, ValueId signs, ValueId real) {
    const Node& layer = w_.node(n);
    done_.insert(n);
    std::vector<ValueId> inputs{signs, layer.inputs[1]};
    if (!binary_.contains(n)) {
      inputs.insert(inputs.end(), layer.inputs.begin() + 2, layer.inputs.end());
      return append_as(layer.output, layer.op, std::move(inputs));
    }
    make_binary(layer);
    if (!options_.scale) return append_as(layer.output, layer.op, std::move(inputs));
    InputScale scale;
    if (const auto* conv = std::get_if<Conv2d>(&layer.op))
      scale = {kernel_of(w_.weight(layer)->shape), conv->stride, conv->pad, conv->dilation};
    const ValueId k = append(name(n) + ".scale", scale, {real});
    return append(name(n) + ".scaled", Mul{}, {append_as(layer.output, layer.op, std::move(inputs)), k});
  }
  static Pair kernel_of(const Shape& weight) {
    return {static_cast<int>(weight[2]), static_cast<int>(weight[3])};
  }

  // --- What a layer's results go to.

  bool all_binary(const std::vector<size_t>& nodes) const {
    return !nodes.empty() &&
           std::all_of(nodes.begin(), nodes.end(), [&](size_t n) { return binary_.contains(n); });
  }
  bool feeds_binary(size_t n) const { return all_binary(w_.readers[w_.end(n, w_.chain(n))]); }
  /// Through whatever has no weights.
  bool reaches_binary(ValueId id) const {
    return std::any_of(w_.readers[id].begin(), w_.readers[id].end(), [&](size_t r) {
      return binary_.contains(r) || (!is_layer(w_.node(r).op) && reaches_binary(w_.node(r).output));
    });
  }

  // --- Blocks.

  void block(size_t n) {
    const ValueId x = now_[w_.node(n).inputs[0]];
    const std::vector<size_t> chain = w_.chain(n);
    const ValueId end = w_.end(n, chain);
    if (options_.block == BinaryBlock::residual)
      now_[end] = residual(n, x, chain);
    else if (options_.block == BinaryBlock::paper)
      now_[end] = as_in_the_paper(n, x, chain);
    else
      now_[end] = after(convolve(n, as_sign(n, x), x), chain, [](const Op&) { return true; });
  }

  /// The links that `wanted` takes, in their order; all are done.
  template <class Wanted>
  ValueId after(ValueId x, const std::vector<size_t>& chain, Wanted&& wanted) {
    for (size_t n : chain) {
      done_.insert(n);
      if (wanted(w_.node(n).op)) x = link(n, x);
    }
    return x;
  }
  ValueId pools_and_others(ValueId x, const std::vector<size_t>& chain) {
    return after(x, chain, [](const Op& op) { return !is_norm(op) && !is_activation(op); });
  }

  ValueId as_in_the_paper(size_t n, ValueId x, const std::vector<size_t>& chain) {
    const bool moved = feeds_binary(n);  // then the next layer has the batch norm, and the sign activates
    const ValueId normed = norm_in_front(n, x);
    const ValueId y = convolve(n, sign(n, normed), normed);
    return moved ? pools_and_others(y, chain) : after(y, chain, [](const Op&) { return true; });
  }

  ValueId norm_of(size_t n, ValueId x, const std::vector<size_t>& chain) {
    for (size_t link_node : chain)
      if (is_norm(w_.node(link_node).op)) return link(link_node, x);
    return fresh_norm(name(n) + ".out_norm", x, outputs(n));
  }

  void conventional(size_t n) {
    const std::vector<size_t> chain = w_.chain(n);
    const ValueId x = now_[w_.node(n).inputs[0]];
    const ValueId y = convolve(n, binary_.contains(n) ? as_sign(n, x) : x, x);
    const ValueId signs = append(name(n) + ".signs", Sign{}, {norm_of(n, y, chain)});
    const bool averaged = std::any_of(
        chain.begin(), chain.end(), [&](size_t link_node) { return is_any<AvgPool>(w_.node(link_node).op); });
    const ValueId end = now_[w_.end(n, chain)] = pools_and_others(signs, chain);
    if (!averaged) signs_.insert(end);
  }
  /// What the layer before leaves is of signs already, unless others than binary layers read it too.
  ValueId as_sign(size_t n, ValueId x) { return signs_.contains(x) ? x : sign(n, x); }

  ValueId residual(size_t n, ValueId x, const std::vector<size_t>& chain) {
    // The shortcut first: what is there before a convolution can be added while that writes its result.
    const bool has_one = w_.read_by_sum(w_.end(n, chain));
    const std::optional<ValueId> way = options_.shortcut && !has_one ? shortcut(n, x) : std::nullopt;
    const ValueId in = options_.threshold ? norm_in_front(n, x) : x;
    ValueId y = norm_of(n, convolve(n, sign(n, in), in), chain);
    if (way) y = append(name(n) + ".sum", Add{}, {y, *way});
    for (size_t link_node : chain)
      if (is_activation(w_.node(link_node).op)) {
        now_[w_.node(link_node).inputs[0]] = y;
        activate(link_node);
        y = now_[w_.node(link_node).output];
      }
    return pools_and_others(y, chain);
  }

  /// The input in the shape of the output: channels may double, by repeating them, and a stride be an
  /// average. Nothing for other changes of shape.
  std::optional<ValueId> shortcut(size_t n, ValueId x) {
    const Shape &in = input_shape(n), &out = shapes_[w_.node(n).output];
    if (in.size() == 4 && (in[2] != out[2] || in[3] != out[3])) {
      const Pair stride = std::get<Conv2d>(w_.node(n).op).stride;
      const Shape pooled{in[0], in[1], in[2] / stride.h, in[3] / stride.w};
      if (pooled[2] != out[2] || pooled[3] != out[3]) return {};
      x = append(name(n) + ".shrunk", AvgPool{stride, stride}, {x});
    }
    if (in[1] == out[1]) return x;
    if (2 * in[1] == out[1]) return append(name(n) + ".doubled", Concat{}, {x, x});
    return {};
  }

  /// A ReLU would leave nothing for the next sign to tell apart: slopes, or nothing, in its place.
  void activate(size_t n) {
    const Node& node = w_.node(n);
    done_.insert(n);
    const ValueId x = now_[node.inputs[0]];
    const Shape& shape = shapes_[node.output];
    if (options_.prelu)
      now_[node.output] = append_as(
          node.output, PRelu{}, {x, per_channel(name(n) + ".slope", shape[1], shape.size(), kFirstSlope)});
    else if (reaches_binary(node.output))
      now_[node.output] = x;
    else
      copy(n);
  }

  static constexpr float kEpsilon = 1e-4f;     // of the paper's released code
  static constexpr float kFirstSlope = 0.25f;  // as He 2015 starts them

  const Wired w_;
  const BinarizeOptions& options_;
  std::set<size_t> binary_;        ///< layers of binary weights and inputs
  std::set<size_t> only_weights_;  ///< of binary weights and real inputs
  const std::vector<Shape> shapes_;
  Graph result_;
  std::vector<ValueId> now_;  ///< by ValueId of the old graph: what stands for it
  std::set<size_t> done_;
  std::set<ValueId> signs_;  ///< of the new graph: values that are 1 or -1
};

}  // namespace

BinarizeOptions binarize_options(std::string_view method, std::string_view block,
                                 const std::optional<std::vector<std::string>>& parts) {
  struct Method {
    std::string_view name;
    bool inputs;
  };
  static constexpr Method methods[] = {{"xnor", true}, {"bwn", false}};
  struct Block {
    std::string_view name;
    BinaryBlock block;
    std::array<bool, 5> has, starts_with;  // in the order of their names
  };
  static constexpr Block blocks[] = {
      {"residual", BinaryBlock::residual, {true, true, true, true, true}, {false, true, true, true, true}},
      {"paper", BinaryBlock::paper, {true, false, false, false, true}, {true}},
      {"conventional", BinaryBlock::conventional, {}, {}},
  };
  static constexpr std::string_view names[] = {"scale", "shortcut", "threshold", "prelu", "real-linear"};
  BinarizeOptions options;
  options.inputs = find_row(std::span<const Method>(methods), method, "binary method").inputs;
  const Block& row = find_row(std::span<const Block>(blocks), block, "binary block");
  options.block = row.block;
  std::array<bool, 5> on = row.starts_with;
  if (parts) on = {};
  for (const std::string& part : parts.value_or(std::vector<std::string>())) {
    const auto* found = std::find(std::begin(names), std::end(names), part);
    const bool known = found != std::end(names) && row.has.at(static_cast<size_t>(found - names));
    if (!known) {
      std::vector<std::string> accepted;
      for (size_t i = 0; i < on.size(); ++i)
        if (row.has.at(i)) accepted.emplace_back(names[i]);
      fail(ErrorCode::usage, "part '", part, "' of a ", block, " block, which has ",
           accepted.empty() ? "none" : join(accepted));
    }
    on.at(static_cast<size_t>(found - names)) = true;
  }
  options.scale = on[0], options.shortcut = on[1], options.threshold = on[2], options.prelu = on[3];
  options.real_linear = on[4];
  return options;
}

std::vector<std::string> binary_layers(const Graph& graph, const BinarizeOptions& options) {
  std::vector<std::string> names;
  const Wired w{graph};
  for (size_t n : chosen(w, options)) names.push_back(node_name(graph, w.node(n)));
  return names;
}

Graph binarize(const Graph& graph, const BinarizeOptions& options) { return Binarizer(graph, options).run(); }

}  // namespace netsuke::compress
