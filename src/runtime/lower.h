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

/// How many of a node's first inputs are data; the others are constants.
size_t data_inputs(const Node& node);

/// True if the step's kernel can limit its results while it writes them.
bool takes_clamp(const Work& work);

/// The limits that a ReLU or clip sets; nothing for other ops.
std::optional<kernels::Clamp> clamp_of(const Op& op);

}  // namespace netsuke::runtime
