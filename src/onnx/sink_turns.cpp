#include "onnx/sink_turns.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <optional>
#include <string>

#include "graph/evaluate.h"
#include "graph/passes/order.h"

namespace netsuke::onnx {
namespace {

using Order = std::vector<int64_t>;

/// A value that is another one with its dimensions in this order.
struct Turned {
  ValueId source = 0;
  Order order;
};

template <class... Ops>
bool is_any_of(const Op& op) {
  return (std::holds_alternative<Ops>(op) || ...);
}

/// Whose result at one place depends on its inputs at that place alone.
bool is_element_wise(const Op& op) {
  return is_any_of<Relu, Clip, LeakyRelu, PRelu, Sigmoid, Tanh, HardSigmoid, HardSwish, Elu, Softplus, Erf,
                   Sign, Dropout, Add, Sub, Mul, Div>(op);
}

class Sinker {
 public:
  Sinker(const Graph& graph, const std::set<ValueId>& turns)
      : given_(graph), turns_(turns), graph_(graph), now_(graph.values.size()) {
    graph_.nodes.clear();
    for (const Value& value : graph.values) names_.insert(value.name);
    std::iota(now_.begin(), now_.end(), ValueId{0});
  }

  Graph run() {
    for (const Node& node : given_.nodes)
      if (!turn(node) && !sink(node)) keep(node);
    for (ValueId& output : graph_.outputs) output = straight(output);
    return without_unread(graph_);
  }

 private:
  /// A Transpose: one that only turns back what was turned is not needed, one of `turns_` waits for a reader.
  bool turn(const Node& node) {
    const auto* op = std::get_if<Transpose>(&node.op);
    if (!op) return false;
    const Order& order = op->perm.values;
    const auto before = made_.find(node.inputs[0]);
    if (before != made_.end() && turns_back(before->second.order, order)) {
      now_[node.output] = before->second.source;
      return true;
    }
    if (turns_.count(node.output)) {
      made_[node.output] = waiting_[node.output] = {straight(node.inputs[0]), order};
      return true;
    }
    keep(node);
    made_[node.output] = {graph_.nodes.back().inputs[0], order};
    return true;
  }

  static bool turns_back(const Order& first, const Order& second) {
    for (size_t d = 0; d < second.size(); ++d)
      if (first[static_cast<size_t>(second[d])] != static_cast<int64_t>(d)) return false;
    return true;
  }

  /// An element-wise operation computes on what its inputs were turned from, and its result waits in their
  /// place.
  bool sink(const Node& node) {
    if (!is_element_wise(node.op)) return false;
    std::optional<Order> order;
    for (ValueId id : node.inputs) {
      if (given_.values[id].weight) continue;
      const auto found = waiting_.find(id);
      if (found == waiting_.end() || (order && *order != found->second.order)) return false;
      order = found->second.order;
    }
    if (!order) return false;
    for (ValueId id : node.inputs)
      if (given_.values[id].weight && !has_none_for_the_batch(*given_.values[id].weight, *order))
        return false;
    std::vector<ValueId> inputs;
    for (ValueId id : node.inputs)
      inputs.push_back(given_.values[id].weight ? turned_back(id, *order) : waiting_.at(id).source);
    const auto source = static_cast<ValueId>(graph_.values.size());
    graph_.values.push_back({graph_.values[node.output].name, {}, nullptr});
    graph_.values[node.output].name = unused(graph_.values[source].name);  // where it is made after all
    graph_.nodes.push_back({node.op, std::move(inputs), source});
    made_[node.output] = waiting_[node.output] = {source, *order};
    return true;
  }

  /// True if a constant has at most one element along the batch, and no dimensions before it.
  static bool has_none_for_the_batch(const Weight& constant, const Order& order) {
    const Shape& shape = constant.shape;
    return weight_count(constant) == 1 || shape.size() < order.size() ||
           (shape.size() == order.size() && shape[0] == 1);
  }

  /// A constant for the dimensions as they were before they came into this order.
  ValueId turned_back(ValueId id, const Order& order) {
    Tensor values = to_dense(*given_.values[id].weight);
    if (values.size() == 1) return id;
    values.shape.insert(values.shape.begin(), order.size() - values.shape.size(), 1);
    Order back(order.size());
    for (size_t d = 0; d < order.size(); ++d) back[static_cast<size_t>(order[d])] = static_cast<int64_t>(d);
    Tensor turned = evaluate(Transpose{{back}}, {&values}, given_.values[id].name);
    turned.shape.erase(turned.shape.begin());  // the batch: a constant has none
    const auto made = static_cast<ValueId>(graph_.values.size());
    graph_.values.push_back({graph_.values[id].name, {}, make_dense(std::move(turned))});
    graph_.values[id].name = unused(graph_.values[id].name);  // which mostly nobody reads any more
    return made;
  }

  std::string unused(const std::string& name) {
    std::string wanted = name + ".turned";
    while (!names_.insert(wanted).second) wanted += "_";
    return wanted;
  }

  void keep(Node node) {
    for (ValueId& id : node.inputs) id = straight(id);
    graph_.nodes.push_back(std::move(node));
  }

  /// `id` as it was in the given graph, made here if it waits.
  ValueId straight(ValueId id) {
    if (const auto found = waiting_.find(id); found != waiting_.end()) {
      graph_.nodes.push_back({Transpose{{found->second.order}}, {found->second.source}, id});
      waiting_.erase(found);
    }
    return now_[id];
  }

  const Graph& given_;
  const std::set<ValueId>& turns_;
  Graph graph_;
  std::set<std::string> names_;
  std::vector<ValueId> now_;           ///< what a value of the given graph is called here
  std::map<ValueId, Turned> made_;     ///< by values of the given graph
  std::map<ValueId, Turned> waiting_;  ///< those of them that no node of graph_ makes yet
};

}  // namespace

Graph sink_turns(const Graph& graph, const std::set<ValueId>& turns) {
  return turns.empty() ? graph : Sinker(graph, turns).run();
}

}  // namespace netsuke::onnx
