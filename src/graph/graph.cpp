#include "graph/graph.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/error.h"

namespace netsuke {

bool Value::operator==(const Value& other) const {
  if (name != other.name || shape != other.shape || !weight != !other.weight) return false;
  return weight == other.weight || *weight == *other.weight;
}

const std::string& node_name(const Graph& graph, const Node& node) { return graph.values[node.output].name; }

std::vector<Parameter> parameters(const Graph& graph) {
  std::vector<Parameter> found;
  std::vector<bool> seen(graph.values.size());
  for (size_t n = 0; n < graph.nodes.size(); ++n) {
    const Node& node = graph.nodes[n];
    const Arity expected = arity(node.op);
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      const ValueId id = node.inputs[i];
      if (!graph.values[id].weight || seen[id]) continue;
      seen[id] = true;
      found.push_back({n, id, i < std::size(expected.roles) ? expected.roles[i] : ""});
    }
  }
  return found;
}

ValueId find_value(const Graph& graph, std::string_view name) {
  std::vector<std::string> names;
  for (ValueId id = 0; id < graph.values.size(); ++id) {
    if (graph.values[id].name == name) return id;
    names.push_back(graph.values[id].name);
  }
  const std::string near = closest(name, names);
  fail(ErrorCode::input, "graph ", graph.name, ": has no value named '", name, "'",
       near.empty() ? "" : cat("; the nearest name is '", near, "'"));
}

std::vector<std::vector<size_t>> readers(const Graph& graph) {
  std::vector<std::vector<size_t>> result(graph.values.size());
  for (size_t n = 0; n < graph.nodes.size(); ++n)
    for (ValueId id : graph.nodes[n].inputs) result[id].push_back(n);
  return result;
}

int64_t constant_count(const Graph& graph) {
  int64_t count = 0;
  for (const Parameter& p : parameters(graph)) count += weight_count(*graph.values[p.value].weight);
  return count;
}

bool is_learned(std::string_view role) { return role != "mean" && role != "variance"; }

int64_t parameter_count(const Graph& graph) {
  int64_t count = 0;
  for (const Parameter& p : parameters(graph))
    if (is_learned(p.role)) count += weight_count(*graph.values[p.value].weight);
  return count;
}

namespace {

void verify_names(const Graph& graph) {
  std::set<std::string_view> names;
  for (const Value& value : graph.values) {
    require(!value.name.empty(), "graph ", graph.name, ": a value has no name");
    require(names.insert(value.name).second, "graph ", graph.name, ": two values are named '", value.name,
            "'");
    if (!value.weight) continue;
    require(value.shape.empty(), "value ", value.name, ": a constant also declares an input's shape");
    verify(*value.weight, value.name);
  }
}

// Walks the nodes in order and marks what is known so far, so that nothing is read before it is computed.
void verify_order(const Graph& graph) {
  const size_t count = graph.values.size();
  std::vector<bool> known(count);
  for (ValueId id = 0; id < count; ++id) known[id] = graph.values[id].weight != nullptr;
  for (ValueId id : graph.inputs) {
    require(id < count, "graph ", graph.name, ": input id ", id, " of ", count, " values");
    const Value& value = graph.values[id];
    require(!known[id], "value ", value.name, ": is an input twice, or an input and a constant");
    require(!value.shape.empty(), "input ", value.name, ": has no shape");
    known[id] = true;
  }
  for (const Node& node : graph.nodes) {
    require(node.output < count, "graph ", graph.name, ": output id ", node.output, " of ", count, " values");
    const std::string& name = node_name(graph, node);
    const Arity expected = arity(node.op);
    require(std::cmp_greater_equal(node.inputs.size(), expected.least) &&
                std::cmp_less_equal(node.inputs.size(), expected.most),
            "node ", name, " (", op_name(node.op), "): has ", node.inputs.size(), " inputs, takes ",
            expected.least, " to ", expected.most);
    for (ValueId id : node.inputs) {
      require(id < count, "node ", name, ": input id ", id, " of ", count, " values");
      require(known[id], "node ", name, ": reads '", graph.values[id].name, "' before it is computed");
    }
    require(!known[node.output], "node ", name, ": its output has another source already");
    known[node.output] = true;
  }
  require(!graph.outputs.empty(), "graph ", graph.name, ": has no output");
  for (ValueId id : graph.outputs)
    require(id < count && known[id], "graph ", graph.name, ": output id ", id, " is never computed");
}

}  // namespace

void verify(const Graph& graph) {
  verify_names(graph);
  verify_order(graph);
}

}  // namespace netsuke
