// The walk over a graph that makes a plan's steps.
#pragma once

#include <array>
#include <map>
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
  void add_step(size_t index, Lowered lowered, std::vector<SlotId> reads);
  size_t push_step(Step step, std::vector<SlotId> reads, SlotId writes);

  bool join_clamp(const Node& node, kernels::Clamp clamp);
  bool join_addition(const Node& node);
  bool join_addition(const Node& node, size_t operand);
  bool only_feeds(ValueId value) const;

  // What binary networks need: planner_binary.cpp.
  /// A batch norm that is left to those who read it.
  struct Norm {
    ValueId of = 0;
    std::vector<float> scale, shift;  ///< one a channel; empty: none
  };
  bool add_binary(size_t index);
  bool add_sign(const Node& node);
  bool add_input_scale(size_t index);
  bool add_binary_layer(size_t index);
  bool leave_to_readers(const Node& norm);
  bool leave_threshold_to_readers(const Node& difference);
  bool becomes_bits(const Node& sign) const;
  Norm norm_of(ValueId value) const;
  ScaleShiftStep scale_and_shift(const Node& norm) const;
  BinaryConvStep* open_binary_step(ValueId value);
  bool join_norm(const Node& node);
  bool join_input_scale(const Node& node);
  bool join_slope(const Node& node);
  bool join_sign(ValueId real, Norm norm, SlotId bits);
  bool join_into(const Node& node, ValueId value);

  void add_view(const Node& node);
  bool leave_shuffle_to_reader(const Node& shuffle);
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
  std::vector<SlotId> sign_writes_;     // the steps' second outputs, or kNone
  std::map<ValueId, Norm> norms_;       // batch norms that are left to their readers
  std::map<ValueId, size_t> shuffles_;  // groups of channel shuffles that are left to their reader
  std::map<ValueId, SlotId> bits_;      // where the signs of a value lie, as Sign nodes leave them
  std::shared_ptr<Plan> plan_ = std::make_shared<Plan>();
};

}  // namespace netsuke::runtime
