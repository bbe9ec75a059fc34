#include "graph/passes/sink_shuffle.h"

#include <algorithm>

#include "graph/passes/uses.h"

namespace netsuke {
namespace {

class Sinker {
 public:
  explicit Sinker(const Graph& graph) : graph_(graph), uses_(graph_), reader_(graph.values.size(), nullptr) {
    for (const Node& node : graph_.nodes)
      for (ValueId id : node.inputs) reader_[id] = &node;
  }

  Graph run() {
    for (Node& node : graph_.nodes)
      if (is_depthwise(node) && only_a_convolution_reads(node)) sink(*uses_.maker[node.inputs[0]], node);
    return std::move(graph_);
  }

 private:
  WeightPtr& weight(const Node& conv, size_t i) { return graph_.values[conv.inputs[i]].weight; }

  /// Else an activation, which a depthwise convolution would have done, would stand behind the shuffle.
  bool only_a_convolution_reads(const Node& node) const {
    const Node* reader = reader_[node.output];
    return uses_.reads[node.output] == 1 && reader && std::holds_alternative<Conv2d>(reader->op);
  }

  /// With filters of its own, behind a shuffle that nothing else reads.
  bool is_depthwise(const Node& node) {
    const auto* conv = std::get_if<Conv2d>(&node.op);
    const Node* before = conv ? uses_.maker[node.inputs[0]] : nullptr;
    if (!before || !std::holds_alternative<ChannelShuffle>(before->op) || uses_.reads[before->output] != 1)
      return false;
    for (size_t i = 1; i < node.inputs.size(); ++i)
      if (!weight(node, i) || uses_.reads[node.inputs[i]] != 1) return false;
    const Shape& shape = weight(node, 1)->shape;
    return shape[0] == conv->groups && shape[1] == 1 && shape[0] > 1;
  }

  /// Rows [C, ...] as the channels stand before the shuffle: behind it channel c is channel c / groups of
  /// group c % groups.
  static WeightPtr before_shuffle(const Weight& weight, size_t groups) {
    const Tensor rows = to_dense(weight);
    Tensor moved = rows;
    const auto channels = static_cast<size_t>(rows.shape[0]);
    const size_t row = rows.size() / channels;
    for (size_t c = 0; c < channels; ++c) {
      const size_t place = c % groups * (channels / groups) + c / groups;
      std::copy_n(rows.data.begin() + static_cast<std::ptrdiff_t>(c * row), row,
                  moved.data.begin() + static_cast<std::ptrdiff_t>(place * row));
    }
    return make_dense(std::move(moved));
  }

  /// The two change places: the first node reads what it read, the second one what the first makes.
  void sink(Node& shuffle, Node& conv) {
    const auto groups = static_cast<size_t>(std::get<ChannelShuffle>(shuffle.op).groups);
    for (size_t i = 1; i < conv.inputs.size(); ++i)
      weight(conv, i) = before_shuffle(*weight(conv, i), groups);
    take_name(graph_, conv, shuffle);
    std::swap(shuffle.op, conv.op);
    std::swap(shuffle.inputs, conv.inputs);
    std::swap(shuffle.inputs[0], conv.inputs[0]);
  }

  Graph graph_;
  Uses uses_;
  std::vector<const Node*> reader_;  ///< by ValueId: the last one
};

}  // namespace

Graph sink_channel_shuffles(const Graph& graph) { return Sinker(graph).run(); }

}  // namespace netsuke
