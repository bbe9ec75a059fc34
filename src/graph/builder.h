// Writing a network down: the zoo's and the tests' way to make a graph.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/random.h"
#include "graph/graph.h"

namespace netsuke {

/// Appends nodes in order; every call names its node and returns the id of what it computes. Weights are
/// drawn from the seed: those of convolutions and linear layers He-normal (standard deviation sqrt(2 /
/// fan-in)); biases start at zero. Without a seed weights are blank, which costs neither time nor memory: for
/// counting.
class Builder {
 public:
  explicit Builder(std::string name, std::optional<uint64_t> seed = 1);

  /// An input of the graph; `shape` without the batch: {1, 28, 28}.
  ValueId input(const std::string& name, const Shape& shape);
  ValueId conv(const std::string& name, ValueId x, int out, Pair kernel, Conv2d op = {}, bool bias = true);
  ValueId linear(const std::string& name, ValueId x, int out, bool bias = true);
  ValueId batch_norm(const std::string& name, ValueId x, float epsilon = 1e-5f);
  /// Any op without constants: relu, pools, concat, add, ...
  ValueId apply(const std::string& name, Op op, std::vector<ValueId> inputs);
  ValueId constant(const std::string& name, Tensor tensor);

  /// The shape of a value so far, batch 1.
  const Shape& shape(ValueId id) const { return shapes_[id]; }

  /// Ends with these outputs; the graph has passed verify().
  Graph finish(std::vector<ValueId> outputs);

 private:
  ValueId add_value(Value value, Shape shape);
  ValueId weight(const std::string& name, Shape shape, int64_t fan_in);

  Graph graph_;
  std::vector<Shape> shapes_;
  std::optional<Random> random_;  ///< none: weights are blank
};

}  // namespace netsuke
