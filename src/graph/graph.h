// The one language of the middle: a network as plain data. Everything that does something with a graph is a
// free function in a file of its own.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "graph/op.h"
#include "tensor/weight.h"

namespace netsuke {

/// Index into Graph::values.
using ValueId = uint32_t;

/// A tensor that flows: an input of the graph, a constant, or what a node computes.
struct Value {
  std::string name;
  Shape shape;  ///< declared for inputs, batch first and given as 1; empty for all others (see infer_shapes)
  WeightPtr weight;  ///< set for constants only
  bool operator==(const Value& other) const;
};

/// One operation. A node has no name of its own: it is called by its output's name ("conv1").
struct Node {
  Op op;
  std::vector<ValueId> inputs;  ///< as arity(op) says; an absent bias is simply not listed
  ValueId output = 0;
  bool operator==(const Node&) const = default;
};

struct Graph {
  std::string name;
  std::vector<Value> values;
  std::vector<Node> nodes;  ///< in an order in which they can be computed
  std::vector<ValueId> inputs;
  std::vector<ValueId> outputs;
  /// Keys in lower.snake.dotted form: "labels", "input.scale", "recipe", ...
  std::map<std::string, std::string> metadata;
  bool operator==(const Graph&) const = default;
};

/// The name nodes are known by.
const std::string& node_name(const Graph& graph, const Node& node);

/// A constant input of a node, with the role it plays there ("weight", "bias", "scale", ...).
struct Parameter {
  size_t node = 0;  ///< index into Graph::nodes
  ValueId value = 0;
  std::string_view role;
};

/// All constants in node order; one that several nodes share appears once, for the first.
std::vector<Parameter> parameters(const Graph& graph);

/// The id of the value with this name; throws Error(input) with the nearest match.
ValueId find_value(const Graph& graph, std::string_view name);

/// For every value the nodes that read it, in order.
std::vector<std::vector<size_t>> readers(const Graph& graph);

/// Elements of all constants.
int64_t constant_count(const Graph& graph);

/// Elements of the constants that are learned, as papers count parameters: batch norm's running mean and
/// variance are not among them.
int64_t parameter_count(const Graph& graph);
/// True for the role of a constant that counts as a parameter.
bool is_learned(std::string_view role);

/// Throws Error(input) unless the graph is whole: ids in range, every value has one source and is computed
/// before it is read, arities fit, names are unique and not empty, weights fit their shapes.
void verify(const Graph& graph);

}  // namespace netsuke
