// The choice of a kernel for one node.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "runtime/plan.h"

namespace netsuke::runtime {

/// A kernel for a node: its name, what it needs, and how much scratch memory of its own.
struct Lowered {
  std::string_view kernel;
  Work work;
  size_t scratch = 0;
};

/// Chooses for `node`; `shapes` holds the shape of every value of `graph` at batch 1.
Lowered lower(const Graph& graph, const Node& node, const std::vector<Shape>& shapes);

/// A node's inputs that are no constants, in order: they are the inputs of its step.
std::vector<ValueId> data_inputs(const Graph& graph, const Node& node);

/// True if the kernels of this op need all of its inputs but the first as constants.
bool needs_constants(const Op& op);

/// True if the step's kernel can limit its results while it writes them.
bool takes_clamp(const Work& work);

/// The limits that a ReLU or clip sets; nothing for other ops.
std::optional<kernels::Clamp> clamp_of(const Op& op);

}  // namespace netsuke::runtime
