// The walk over a graph that makes a plan's steps.
#pragma once

#include <array>
#include <memory>

#include "graph/cost.h"
#include "runtime/lower.h"
#include "runtime/slots.h"

namespace netsuke::runtime {

/// Walks the nodes once and keeps track of where each value is stored, in one layout or both.
class Planner {
 public:
  Planner(const Graph& graph, PlanOptions options);
  std::shared_ptr<const Plan> plan();

 private:
  void check_graph() const;
  void check_node(const Node& node) const;

  void add(size_t index);
  void add_step(size_t index, Lowered lowered);
  size_t push_step(Step step, std::vector<SlotId> reads, SlotId writes);

  bool join_clamp(const Node& node, kernels::Clamp clamp);
  bool join_addition(const Node& node);
  bool join_addition(const Node& node, size_t operand);
  bool only_feeds(ValueId value) const;

  void add_view(const Node& node);
  bool add_channel_view(const Node& node);
  void add_concat(size_t index);
  void add_part(size_t index, size_t part, SlotId whole, size_t channel);

  /// Where a value is stored, in whatever layout.
  SlotId stored(ValueId value) const;
  /// Where it is stored in this layout; adds a step that puts it there if need be.
  SlotId stored_in(ValueId value, Layout layout, const Node& reader);
  Layout layout_of(ValueId value) const;
  SlotId& slot(ValueId value, Layout layout) { return slots_of_[value][static_cast<size_t>(layout)]; }
  void place_steps();

  const Graph& graph_;
  const PlanOptions options_;
  const std::vector<Shape> shapes_;
  const std::vector<NodeCost> costs_;
  const std::vector<std::vector<size_t>> readers_;
  Slots slots_;
  std::vector<std::array<SlotId, 2>> slots_of_;  // of a value, by layout
  std::vector<size_t> maker_;                    // the step that computes a value as its last deed, or kNone
  std::vector<std::vector<SlotId>> reads_;       // of each step
  std::vector<SlotId> writes_;
  std::shared_ptr<Plan> plan_ = std::make_shared<Plan>();
};

}  // namespace netsuke::runtime
