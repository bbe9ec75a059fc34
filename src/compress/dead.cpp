#include "compress/dead.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "compress/mask.h"

namespace netsuke::compress {
namespace {

/// A layer whose neurons (channels or units) are read by one other layer only.
struct Link {
  const Node* producer;
  const Node* reader;
  std::vector<const Op*> between;
  int64_t neurons;
};

bool is_layer(const Node& node) {
  return std::holds_alternative<Conv2d>(node.op) || std::holds_alternative<Linear>(node.op);
}

/// Ops that keep every neuron's values among themselves.
bool keeps_neurons_apart(const Op& op) {
  return std::holds_alternative<Relu>(op) || std::holds_alternative<Clip>(op) ||
         std::holds_alternative<MaxPool>(op) || std::holds_alternative<AvgPool>(op) ||
         std::holds_alternative<GlobalAvgPool>(op) || std::holds_alternative<Flatten>(op) ||
         std::holds_alternative<Dropout>(op);
}

/// Constants of its own, none of them empty, which may be changed without another node noticing.
bool owns_constants(const Graph& graph, const std::vector<std::vector<size_t>>& readers, const Node& node) {
  return std::all_of(node.inputs.begin() + 1, node.inputs.end(), [&](ValueId id) {
    const WeightPtr& weight = graph.values[id].weight;
    return weight && weight_count(*weight) > 0 && readers[id].size() == 1;
  });
}

bool is_ungrouped(const Node& node) {
  const auto* conv = std::get_if<Conv2d>(&node.op);
  return !conv || conv->groups == 1;
}

std::optional<Link> link_from(const Graph& graph, const std::vector<std::vector<size_t>>& readers,
                              const Node& producer) {
  if (!is_layer(producer) || !owns_constants(graph, readers, producer)) return {};
  Link link{&producer, &producer, {}, graph.values[producer.inputs[1]].weight->shape[0]};
  for (ValueId value = producer.output;;) {
    const bool is_output =
        std::find(graph.outputs.begin(), graph.outputs.end(), value) != graph.outputs.end();
    if (is_output || readers[value].size() != 1) return {};
    link.reader = &graph.nodes[readers[value][0]];
    if (!keeps_neurons_apart(link.reader->op)) break;
    link.between.push_back(&link.reader->op);
    value = link.reader->output;
  }
  const bool usable =
      is_layer(*link.reader) && is_ungrouped(*link.reader) && owns_constants(graph, readers, *link.reader);
  return usable ? std::optional(link) : std::nullopt;
}

/// What a neuron that always has this value looks like to the reader; none where that is not one value
/// everywhere.
std::optional<float> constant_seen(const Link& link, float value) {
  for (const Op* op : link.between) {
    if (std::holds_alternative<Relu>(*op)) value = std::max(value, 0.0f);
    if (const auto* clip = std::get_if<Clip>(op)) value = std::clamp(value, clip->min, clip->max);
    const auto* pool = std::get_if<AvgPool>(op);
    if (pool && value != 0 && (pool->pad != Pads{} || pool->ceil)) return {};
  }
  const auto* conv = std::get_if<Conv2d>(&link.reader->op);
  if (conv && value != 0 && conv->pad != Pads{}) return {};
  return value;
}

/// A layer's constants while they change; absent biases are zeros that cannot become anything else.
struct ChangingLayer {
  Graph& graph;
  const Node& node;

  const Weight& weight() const { return *graph.values[node.inputs[1]].weight; }
  bool has_bias() const { return node.inputs.size() > 2; }
  std::vector<float> bias() const {
    return has_bias() ? to_dense(*graph.values[node.inputs[2]].weight).data
                      : std::vector<float>(static_cast<size_t>(weight().shape[0]));
  }
  void set_bias(std::vector<float> values) {
    if (!has_bias() || values == bias()) return;
    const Shape shape = graph.values[node.inputs[2]].weight->shape;
    graph.values[node.inputs[2]].weight = make_weight(shape, Dense{std::move(values)});
  }
  /// Drops the kept elements whose neuron, given by `neuron_of(position)`, is marked. Untouched if there are
  /// none.
  template <class NeuronOf>
  bool drop(const std::vector<bool>& marked, NeuronOf neuron_of) {
    std::vector<bool> keep;
    for (uint32_t position : kept_positions(weight())) keep.push_back(!marked[neuron_of(position)]);
    if (std::find(keep.begin(), keep.end(), false) == keep.end()) return false;
    graph.values[node.inputs[1]].weight = keep_only(weight(), keep);
    return true;
  }
};

template <class NeuronOf>
std::vector<int64_t> connections(const ChangingLayer& layer, int64_t neurons, NeuronOf neuron_of) {
  std::vector<int64_t> counts(static_cast<size_t>(neurons));
  for (uint32_t position : kept_positions(layer.weight())) ++counts[neuron_of(position)];
  return counts;
}

/// Adds to each bias of the reader what the neurons with these constants give it.
template <class NeuronOf>
void fold(ChangingLayer& reader, const std::vector<float>& constants, NeuronOf neuron_of) {
  const std::vector<uint32_t> positions = kept_positions(reader.weight());
  const std::vector<float> weights = kept_values(reader.weight());
  std::vector<float> bias = reader.bias();
  const size_t row = static_cast<size_t>(weight_count(reader.weight())) / bias.size();
  std::vector<double> sums(bias.begin(), bias.end());
  for (size_t i = 0; i < positions.size(); ++i)
    sums[positions[i] / row] +=
        static_cast<double>(weights[i]) * static_cast<double>(constants[neuron_of(positions[i])]);
  std::copy(sums.begin(), sums.end(), bias.begin());
  reader.set_bias(std::move(bias));
}

/// One round over the neurons of a link; true if a connection went.
bool clean(Graph& graph, const Link& link) {
  ChangingLayer producer{graph, *link.producer}, reader{graph, *link.reader};
  const auto neurons = static_cast<size_t>(link.neurons);
  const size_t produced = static_cast<size_t>(weight_count(producer.weight())) / neurons;
  const auto row = static_cast<size_t>(weight_count(reader.weight()) / reader.weight().shape[0]);
  const size_t read = row / neurons;  // elements of a row that read one neuron: a kernel, or a flattened map
  const auto made_by = [=](uint32_t position) { return position / produced; };
  const auto read_from = [=](uint32_t position) { return position % row / read; };

  const std::vector<int64_t> incoming = connections(producer, link.neurons, made_by);
  const std::vector<int64_t> outgoing = connections(reader, link.neurons, read_from);
  std::vector<float> bias = producer.bias(), constants(neurons);
  std::vector<bool> unread(neurons), constant(neurons);
  for (size_t i = 0; i < neurons; ++i) {
    unread[i] = outgoing[i] == 0;
    if (!unread[i] && incoming[i] == 0) {
      const std::optional<float> seen = constant_seen(link, bias[i]);
      constant[i] = seen && (*seen == 0 || reader.has_bias());
      if (constant[i]) constants[i] = *seen;
    }
    if (unread[i] || constant[i]) bias[i] = 0;
  }
  fold(reader, constants, read_from);
  producer.set_bias(std::move(bias));
  const bool dropped_outgoing = reader.drop(constant, read_from);
  const bool dropped_incoming = producer.drop(unread, made_by);
  return dropped_outgoing || dropped_incoming;
}

}  // namespace

Graph remove_dead_neurons(const Graph& graph) {
  const auto graph_readers = readers(graph);
  std::vector<Link> links;
  for (const Node& node : graph.nodes)
    if (const auto link = link_from(graph, graph_readers, node)) links.push_back(*link);
  Graph result = graph;
  for (bool changed = true; changed;) {
    changed = false;
    for (const Link& link : links) changed = clean(result, link) || changed;
  }
  return result;
}

}  // namespace netsuke::compress
