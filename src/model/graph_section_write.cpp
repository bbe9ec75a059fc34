#include "model/graph_section_write.h"

#include <algorithm>

namespace netsuke::model {
namespace {

class GraphWriter {
 public:
  explicit GraphWriter(const Graph& graph) : graph_(graph) {}

  Bytes write() {
    out_.text(graph_.name);
    out_.varint(graph_.inputs.size());
    for (ValueId id : graph_.inputs) write_input(graph_.values[id]);
    out_.varint(graph_.nodes.size());
    for (const Node& node : graph_.nodes) write_node(node);
    out_.varint(graph_.outputs.size());
    for (ValueId id : graph_.outputs) out_.varint(graph_.values.size() - 1 - id);
    return out_.take();
  }

 private:
  void write_name(const std::string& name) {
    if (name.size() > kLongestName)
      fail(ErrorCode::unsupported, "value ", name, ": a .nsk file keeps names of at most ", kLongestName,
           " bytes");
    const auto differ = std::mismatch(name.begin(), name.end(), name_.begin(), name_.end()).first;
    const auto shared = static_cast<size_t>(differ - name.begin()), rest = name.size() - shared;
    out_.u8(static_cast<uint8_t>((std::min<size_t>(shared, 15) << 4) | std::min<size_t>(rest, 15)));
    if (shared >= 15) out_.varint(shared - 15);
    if (rest >= 15) out_.varint(rest - 15);
    for (char c : name.substr(shared)) out_.u8(static_cast<uint8_t>(c));
    name_ = name;
  }

  void write_input(const Value& value) {
    write_name(value.name);
    out_.varint(value.shape.size());
    for (int64_t dim : value.shape) out_.varint(static_cast<uint64_t>(dim));
    ++values_;
  }

  void write_node(const Node& node) {
    const std::string& name = node_name(graph_, node);
    const Arity expected = arity(node.op);
    out_.u8(op_id(node.op));
    write_attributes(node.op, expected, node.inputs.size());
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      const ValueId id = node.inputs[i];
      if (id < values_) {
        out_.varint(values_ - id + 1);
        continue;
      }
      const std::string& constant = graph_.values[id].name;
      const bool named = i >= std::size(expected.roles) || constant != default_name(name, expected.roles[i]);
      out_.varint(named ? 1 : 0);
      if (named) write_name(constant);
      ++values_;
    }
    write_name(name);
    ++values_;
  }

  void write_attributes(const Op& op, const Arity& expected, size_t inputs) {
    std::visit(
        [&](const auto& attributes) {
          const std::remove_cvref_t<decltype(attributes)> defaults;
          uint64_t mask = 0;
          size_t count = 0;
          std::apply(
              [&](const auto&... f) {
                ((mask |= uint64_t{!(attributes.*(f.member) == defaults.*(f.member))} << count++), ...);
              },
              attributes.fields());
          if (count == 0 && expected.least == expected.most) return;
          out_.varint((inputs - static_cast<size_t>(expected.least)) << count | mask);
          size_t bit = 0;
          for_each_field(attributes, [&](std::string_view, const auto& value) {
            if ((mask >> bit++) & 1) write_attribute(value);
          });
        },
        op);
  }

  void write_integer(int64_t value) {
    out_.varint(static_cast<uint64_t>(value < 0 ? -2 * value - 1 : 2 * value));
  }
  void write_attribute(int value) { write_integer(value); }
  void write_attribute(float value) { out_.f32(value); }
  void write_attribute(bool) {}  // it differs from its default: that says it all
  void write_attribute(const Pair& value) { write_attribute(value.h), write_attribute(value.w); }
  void write_attribute(const Pads& value) {
    for (int side : {value.top, value.left, value.bottom, value.right}) write_attribute(side);
  }
  void write_attribute(const Dims& value) {
    out_.varint(value.values.size());
    for (int64_t number : value.values) write_integer(number);
  }

  const Graph& graph_;
  ByteWriter out_;
  std::string name_;   // the last one written
  size_t values_ = 0;  // how many values the reader knows by now
};

}  // namespace

Bytes write_graph_section(const Graph& graph) { return GraphWriter(graph).write(); }

}  // namespace netsuke::model
