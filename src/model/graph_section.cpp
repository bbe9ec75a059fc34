#include "model/graph_section.h"

#include <cmath>
#include <limits>
#include <utility>

namespace netsuke::model {
namespace {

class GraphReader {
 public:
  GraphReader(ByteView block, std::string_view what) : in_(block, what) {}

  GraphSection read() {
    graph().name = in_.text();
    for (uint64_t left = in_.varint(kMostNodes, "the number of inputs"); left > 0; --left) read_input();
    for (uint64_t left = in_.varint(kMostNodes, "the number of nodes"); left > 0; --left) read_node();
    for (uint64_t left = in_.varint(kMostNodes, "the number of outputs"); left > 0; --left)
      graph().outputs.push_back(value_before(in_.varint() + 1));
    require(in_.remaining() == 0, in_.what(), ": ", in_.remaining(), " bytes too many");
    return std::move(section_);
  }

 private:
  Graph& graph() { return section_.graph; }

  // A name is coded by what it shares with the name before: a byte with the shared length in its upper and
  // the length of the new ending in its lower half; 15 in a half says that a varint follows, which is added.
  std::string read_name() {
    const uint8_t lengths = in_.u8();
    const auto shared = static_cast<size_t>(read_length(lengths >> 4, name_.size()));
    const ByteView ending = in_.take(static_cast<size_t>(read_length(lengths & 15, kLongestName)));
    require(shared <= name_.size() && shared + ending.size() <= kLongestName, in_.what(),
            ": a name is longer than ", kLongestName, " bytes, or shares more than the name before it has");
    name_.resize(shared);
    name_.append(ending.begin(), ending.end());
    return name_;
  }
  uint64_t read_length(int half, uint64_t limit) {
    return half < 15 ? static_cast<uint64_t>(half) : 15 + in_.varint(limit, "a name's length");
  }

  ValueId add_value(Value value) {
    graph().values.push_back(std::move(value));
    return static_cast<ValueId>(graph().values.size() - 1);
  }

  // The value that came `distance` values ago; 1 is the last one.
  ValueId value_before(uint64_t distance) {
    require(distance >= 1 && distance <= graph().values.size(), in_.what(), ": refers to a value ", distance,
            " back, there are ", graph().values.size());
    return static_cast<ValueId>(graph().values.size() - distance);
  }

  void read_input() {
    Value value{read_name(), {}, nullptr};
    for (uint64_t left = in_.varint(kMaxRank, "an input's rank"); left > 0; --left)
      value.shape.push_back(static_cast<int64_t>(in_.varint(kMaxElements, "a dimension")));
    element_count(value.shape);
    graph().inputs.push_back(add_value(std::move(value)));
  }

  void read_node() {
    Node node;
    node.op = op_from_id(in_.u8());
    const Arity expected = arity(node.op);
    const int count = expected.least + read_attributes(node.op, expected);
    std::vector<std::pair<ValueId, std::string_view>> unnamed;
    for (int i = 0; i < count; ++i) {
      const uint64_t reference = in_.varint();
      if (reference >= 2) {
        node.inputs.push_back(value_before(reference - 1));
        continue;
      }
      const ValueId id = add_value({reference == 1 ? read_name() : "", {}, nullptr});
      if (reference == 0)
        unnamed.emplace_back(id, i < static_cast<int>(std::size(expected.roles)) ? expected.roles[i] : "");
      section_.constants.push_back(id);
      node.inputs.push_back(id);
    }
    const std::string name = read_name();
    for (const auto& [id, role] : unnamed) graph().values[id].name = default_name(name, role);
    node.output = add_value({name, {}, nullptr});
    graph().nodes.push_back(std::move(node));
  }

  // Sets what differs from the op's defaults; returns how many inputs there are beyond the least.
  int read_attributes(Op& op, const Arity& expected) {
    return std::visit(
        [&](auto& attributes) {
          constexpr auto fields = std::tuple_size_v<decltype(attributes.fields())>;
          if (fields == 0 && expected.least == expected.most) return 0;
          const uint64_t form = in_.varint();
          const uint64_t more = form >> fields;
          require(std::cmp_less_equal(more, expected.most - expected.least), in_.what(), ": ", op_name(op),
                  " with ", more, " inputs more than it needs");
          size_t bit = 0;
          for_each_field(attributes, [&](std::string_view, auto& value) {
            if ((form >> bit++) & 1) read_attribute(value);
          });
          return static_cast<int>(more);
        },
        op);
  }

  int64_t read_integer() {
    const uint64_t coded = in_.varint(std::numeric_limits<uint32_t>::max(), "an attribute");
    const auto half = static_cast<int64_t>(coded >> 1);
    return (coded & 1) != 0 ? -half - 1 : half;
  }
  void read_attribute(int& value) { value = static_cast<int>(read_integer()); }
  void read_attribute(float& value) {
    value = in_.f32();
    require(!std::isnan(value), in_.what(), ": an attribute is not a number");
  }
  void read_attribute(bool& value) { value = !value; }
  void read_attribute(Pair& value) { read_attribute(value.h), read_attribute(value.w); }
  void read_attribute(Pads& value) {
    for (int* side : {&value.top, &value.left, &value.bottom, &value.right}) read_attribute(*side);
  }
  void read_attribute(Dims& value) {
    for (uint64_t left = in_.varint(kMaxRank, "a list's length"); left > 0; --left)
      value.values.push_back(read_integer());
  }

  ByteReader in_;
  std::string name_;  // the last one read
  GraphSection section_;
};

}  // namespace

GraphSection read_graph_section(ByteView block, std::string_view what) {
  return GraphReader(block, what).read();
}

}  // namespace netsuke::model
