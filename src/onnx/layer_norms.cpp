#include "onnx/layer_norms.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace netsuke::onnx {
namespace {

class Joiner {
 public:
  explicit Joiner(pb::GraphProto& graph) {
    for (const auto& tensor : graph.initializer()) constants_[tensor.name()] = &tensor;
    for (auto& node : *graph.mutable_node()) {
      for (const std::string& name : node.output()) maker_[name] = &node;
      for (const std::string& name : node.input()) readers_[name].push_back(&node);
      note_constant(node);
    }
    for (const auto& output : graph.output()) readers_[output.name()].push_back(nullptr);
    for (auto& node : *graph.mutable_node()) join(node);
  }

 private:
  void note_constant(const pb::NodeProto& node) {
    if (node.output_size() != 1) return;
    for (const auto& attribute : node.attribute())
      if (node.op_type() == "Constant" && attribute.name() == "value")
        constants_[node.output(0)] = &attribute.t();
    // Of weights that several layers share.
    if (node.op_type() == "Identity" && node.input_size() == 1)
      if (const auto found = constants_.find(node.input(0)); found != constants_.end())
        constants_[node.output(0)] = found->second;
  }

  /// The node of so many inputs that makes `name`, if it is an `op`.
  const pb::NodeProto* made_by(const std::string& name, std::string_view op, int inputs = 2) const {
    const auto found = maker_.find(name);
    const bool fits =
        found != maker_.end() && found->second->op_type() == op && found->second->input_size() == inputs;
    return fits ? found->second : nullptr;
  }

  std::optional<double> number(const std::string& name) const {
    const auto found = constants_.find(name);
    if (found == constants_.end()) return std::nullopt;
    const pb::TensorProto& tensor = *found->second;
    if (!std::ranges::all_of(tensor.dims(), [](int64_t d) { return d == 1; })) return std::nullopt;
    try {
      pb::TensorProto copy = tensor;
      return take_constant(copy, "").at(0);
    } catch (const Error&) {
      return std::nullopt;  // who reads it will say what is wrong with it
    }
  }

  /// What `name` is the mean of, over the last axis, which is kept.
  std::optional<std::string> mean_of(const std::string& name) const {
    const pb::NodeProto* mean = made_by(name, "ReduceMean", 1);
    if (!mean) mean = made_by(name, "ReduceMean");
    if (!mean) return std::nullopt;
    bool last = mean->input_size() > 1 && number(mean->input(1)) == -1.0, keeps = true;
    for (const auto& attribute : mean->attribute()) {
      if (attribute.name() == "axes") last = attribute.ints_size() == 1 && attribute.ints(0) == -1;
      if (attribute.name() == "keepdims") keeps = attribute.i() != 0;
    }
    return last && keeps ? std::optional(mean->input(0)) : std::nullopt;
  }

  /// What `name` is the square of.
  std::optional<std::string> square_of(const std::string& name) const {
    const pb::NodeProto* power = made_by(name, "Pow");
    if (power && number(power->input(1)) == 2.0) return power->input(0);
    const pb::NodeProto* product = made_by(name, "Mul");
    if (product && product->input(0) == product->input(1)) return product->input(0);
    return std::nullopt;
  }

  /// x if `name` is x less its mean.
  std::optional<std::string> centred(const std::string& name) const {
    const pb::NodeProto* difference = made_by(name, "Sub");
    if (!difference || mean_of(difference->input(1)) != difference->input(0)) return std::nullopt;
    return difference->input(0);
  }

  /// The one node that reads `node`, if it is an `op` of it and a constant.
  pb::NodeProto* next(const pb::NodeProto& node, std::string_view op) const {
    const auto found = readers_.find(node.output(0));
    if (found == readers_.end() || found->second.size() != 1) return nullptr;
    pb::NodeProto* reader = found->second[0];
    const bool fits =
        reader && reader->op_type() == op && reader->input_size() == 2 && reader->output_size() == 1;
    return fits && is_vector(operand(*reader, node)) ? reader : nullptr;
  }
  bool is_vector(const std::string& name) const {
    const auto found = constants_.find(name);
    return found != constants_.end() && found->second->dims_size() == 1 && found->second->dims(0) > 1;
  }
  static std::string operand(const pb::NodeProto& reader, const pb::NodeProto& node) {
    return reader.input(reader.input(0) == node.output(0) ? 1 : 0);
  }

  void join(pb::NodeProto& division) {
    if (division.op_type() != "Div" || division.input_size() != 2 || division.output_size() != 1) return;
    const auto x = centred(division.input(0));
    const pb::NodeProto* root = made_by(division.input(1), "Sqrt", 1);
    const pb::NodeProto* sum = root ? made_by(root->input(0), "Add") : nullptr;
    if (!x || !sum) return;
    const auto epsilon = number(sum->input(1));
    const auto squares = mean_of(sum->input(0));
    const auto difference = squares ? square_of(*squares) : std::nullopt;
    if (!epsilon || !difference || centred(*difference) != x) return;
    pb::NodeProto* last = &division;
    std::vector<std::string> inputs{*x};
    if (pb::NodeProto* scale = next(division, "Mul")) {
      inputs.push_back(operand(*scale, division));
      last = scale;
      if (pb::NodeProto* shift = next(*scale, "Add")) {
        inputs.push_back(operand(*shift, *scale));
        last = shift;
      }
    }
    last->set_op_type("LayerNormalization");
    last->clear_input(), last->clear_attribute();
    for (const std::string& input : inputs) last->add_input(input);
    auto& attribute = *last->add_attribute();
    attribute.set_name("epsilon");
    attribute.set_type(pb::AttributeProto::FLOAT);
    attribute.set_f(static_cast<float>(*epsilon));
  }

  std::map<std::string, pb::NodeProto*> maker_;
  std::map<std::string, std::vector<pb::NodeProto*>> readers_;  ///< null for being an output
  std::map<std::string, const pb::TensorProto*> constants_;
};

}  // namespace

void join_layer_norms(pb::GraphProto& graph) { Joiner joiner(graph); }

}  // namespace netsuke::onnx
