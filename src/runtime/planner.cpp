#include "runtime/planner.h"

#include <algorithm>

#include "base/error.h"
#include "graph/shapes.h"
#include "graph/view.h"

namespace netsuke::runtime {
namespace {

Layout other(Layout layout) { return layout == Layout::planes ? Layout::pixels : Layout::planes; }

}  // namespace

Planner::Planner(const Graph& graph, PlanOptions options)
    : graph_(graph),
      options_(std::move(options)),
      shapes_(infer_shapes(graph)),
      costs_(cost(graph)),
      readers_(readers(graph)) {
  slots_of_.assign(graph.values.size(), {kNone, kNone});
  maker_.assign(graph.values.size(), kNone);
}

std::shared_ptr<const Plan> Planner::plan() {
  check_graph();
  const ValueId input = graph_.inputs[0], output = graph_.outputs[0];
  slot(input, Layout::planes) = slots_.add_input(shapes_[input]);
  for (size_t i = 0; i < graph_.nodes.size(); ++i) add(i);
  const Node& last = graph_.nodes.empty() ? Node{} : graph_.nodes.back();
  const SlotId result = stored_in(output, Layout::planes, last);
  slots_.read(result, plan_->steps.size());
  slots_.resolve();
  place_steps();
  plan_->output = slots_.place(result);
  plan_->arena = slots_.arena(), plan_->live = slots_.live();
  plan_->name = graph_.name;
  plan_->input_shape = shapes_[input], plan_->output_shape = shapes_[output];
  return plan_;
}

void Planner::check_graph() const {
  if (graph_.inputs.size() != 1 || graph_.outputs.size() != 1)
    fail(ErrorCode::unsupported, "graph ", graph_.name, ": has ", graph_.inputs.size(), " inputs and ",
         graph_.outputs.size(), " outputs, the runtime takes one of each");
  if (graph_.values[graph_.outputs[0]].weight)
    fail(ErrorCode::unsupported, "graph ", graph_.name, ": its output is a constant");
  require(element_count(shapes_[graph_.inputs[0]]) > 0, "graph ", graph_.name, ": its input is empty");
}

void Planner::check_node(const Node& node) const {
  const std::string& name = node_name(graph_, node);
  require(element_count(shapes_[node.output]) > 0, "node ", name, ": its output is empty");
  if (data_inputs(graph_, node).empty())
    fail(ErrorCode::unsupported, "node ", name, " (", op_name(node.op),
         "): all of its inputs are constants, the runtime takes its result as one");
  if (!needs_constants(node.op)) return;
  for (size_t i = 0; i < node.inputs.size(); ++i) {
    const Value& input = graph_.values[node.inputs[i]];
    const bool is_constant = input.weight != nullptr;
    if (is_constant != (i > 0))
      fail(ErrorCode::unsupported, "node ", name, " (", op_name(node.op), "): input '", input.name, "' is ",
           is_constant ? "" : "not ", "a constant, the runtime takes only ",
           is_constant ? "computed values" : "constants", " there");
  }
}

void Planner::add(size_t index) {
  const Node& node = graph_.nodes[index];
  check_node(node);
  if (is_view(node.op)) return add_view(node);
  if (add_binary(index)) return;
  if (std::holds_alternative<Concat>(node.op)) return add_concat(index);
  if (std::holds_alternative<Slice>(node.op) && add_channel_view(node)) return;
  if (std::holds_alternative<ChannelShuffle>(node.op) && leave_shuffle_to_reader(node)) return;
  const std::optional<kernels::Clamp> clamp = clamp_of(node.op);
  if (clamp && join_clamp(node, *clamp)) return;
  if (std::holds_alternative<Add>(node.op) && join_addition(node)) return;
  std::vector<Layout> layouts;
  for (ValueId input : node.inputs)
    layouts.push_back(graph_.values[input].weight ? Layout::planes : layout_of(input));
  const auto shuffle = shuffles_.find(node.inputs[0]);
  const size_t groups = shuffle == shuffles_.end() ? 1 : shuffle->second;
  Lowered lowered = lower({graph_, node, shapes_, layouts, options_, groups});
  add_step(index, std::move(lowered));
}

void Planner::add_step(size_t index, Lowered lowered) {
  const Node& node = graph_.nodes[index];
  std::vector<SlotId> reads;
  for (ValueId input : data_inputs(graph_, node)) reads.push_back(stored_in(input, lowered.layout, node));
  add_step(index, std::move(lowered), std::move(reads));
}

void Planner::add_step(size_t index, Lowered lowered, std::vector<SlotId> reads) {
  const Node& node = graph_.nodes[index];
  const SlotId writes = slots_.add(shapes_[node.output], lowered.layout);
  plan_->scratch = std::max(plan_->scratch, lowered.scratch);
  Step step{node_name(graph_, node), op_name(node.op), lowered.kernel, "", std::move(lowered.work)};
  step.clamp = clamp_of(node.op).value_or(kernels::Clamp{});
  step.macs = costs_[index].macs;
  step.weight_bytes = lowered.weight_bytes;
  plan_->weight_bytes += lowered.weight_bytes;
  step.refused = std::move(lowered.refused);
  slot(node.output, lowered.layout) = writes;
  maker_[node.output] = push_step(std::move(step), std::move(reads), writes);
}

size_t Planner::push_step(Step step, std::vector<SlotId> reads, SlotId writes) {
  const size_t index = plan_->steps.size();
  for (SlotId read : reads) slots_.read(read, index);
  slots_.write(writes, index);
  plan_->steps.push_back(std::move(step));
  reads_.push_back(std::move(reads));
  writes_.push_back(writes);
  sign_writes_.push_back(kNone);
  return index;
}

// --- What becomes part of the step before it.

bool Planner::only_feeds(ValueId value) const {
  return readers_[value].size() == 1 && value != graph_.outputs[0];
}

// Makes an activation part of the step that computes its input, if nothing else sees that input.
bool Planner::join_clamp(const Node& node, kernels::Clamp clamp) {
  const ValueId input = node.inputs[0];
  const size_t before = maker_[input];
  if (before == kNone || !only_feeds(input)) return false;
  Step& step = plan_->steps[before];
  if (!takes_clamp(step.work) || step.clamp.limits()) return false;
  step.clamp = clamp;
  step.activation = node_name(graph_, node);
  slots_of_[node.output] = slots_of_[input];
  maker_[node.output] = before;
  return true;
}

// Makes an addition part of the step that computes one of its operands; the other must be there before.
bool Planner::join_addition(const Node& node) {
  return shapes_[node.inputs[0]] == shapes_[node.inputs[1]] && node.inputs[0] != node.inputs[1] &&
         (join_addition(node, 1) || join_addition(node, 0));
}

bool Planner::join_addition(const Node& node, size_t operand) {
  const ValueId computed = node.inputs[operand], other = node.inputs[1 - operand];
  if (graph_.values[other].weight || graph_.values[computed].weight) return false;
  const size_t before = maker_[computed];
  const SlotId added = slot(other, Layout::pixels);
  if (before == kNone || !only_feeds(computed) || added == kNone || !slots_.is_written_before(added, before))
    return false;
  Step& step = plan_->steps[before];
  if (!takes_addition(step.work) || step.clamp.limits() || step.adds) return false;
  step.adds = true;
  reads_[before].push_back(added);
  slots_.read(added, before);
  slots_of_[node.output] = slots_of_[computed];
  maker_[node.output] = before;
  return true;
}

// --- What costs nothing, or a copy.

// The same values under another shape: in planes, unless the shape is the same too.
void Planner::add_view(const Node& node) {
  const ValueId input = node.inputs[0];
  if (shapes_[input] == shapes_[node.output]) {
    slots_of_[node.output] = slots_of_[input];
    return;
  }
  slot(node.output, Layout::planes) =
      slots_.add_view(shapes_[node.output], stored_in(input, Layout::planes, node), 0, Layout::planes);
}

// The only reader finds the channels where they are.
bool Planner::leave_shuffle_to_reader(const Node& shuffle) {
  if (!only_feeds(shuffle.output)) return false;
  const Node& reader = graph_.nodes[readers_[shuffle.output][0]];
  const auto groups = static_cast<size_t>(std::get<ChannelShuffle>(shuffle.op).groups);
  if (reader.inputs[0] != shuffle.output || !takes_shuffle({graph_, reader, shapes_, {}, options_, groups}))
    return false;
  slots_of_[shuffle.output] = slots_of_[shuffle.inputs[0]];
  shuffles_[shuffle.output] = groups;
  return true;
}

// Neighbouring channels of an image in layout `pixels` are read where they are.
bool Planner::add_channel_view(const Node& node) {
  const Slice& slice = std::get<Slice>(node.op);
  const SlotId whole = slot(node.inputs[0], Layout::pixels);
  if (slice.axis != 1 || slice.step != 1 || whole == kNone) return false;
  slot(node.output, Layout::pixels) =
      slots_.add_view(shapes_[node.output], whole, static_cast<size_t>(slice.begin), Layout::pixels);
  return true;
}

// Images in layout `pixels` are joined by writing each part where the whole lies.
void Planner::add_concat(size_t index) {
  const Node& node = graph_.nodes[index];
  const std::vector<ValueId> data = data_inputs(graph_, node);
  const bool in_pixels =
      shapes_[node.output].size() == 4 &&
      std::any_of(data.begin(), data.end(), [&](ValueId id) { return layout_of(id) == Layout::pixels; });
  if (!in_pixels) return add_step(index, lower_concat({graph_, node, shapes_, {}, options_}));
  const SlotId whole = slots_.add(shapes_[node.output], Layout::pixels);
  slot(node.output, Layout::pixels) = whole;
  size_t channel = 0;
  for (size_t part = 0; part < node.inputs.size(); ++part) {
    add_part(index, part, whole, channel);
    channel += static_cast<size_t>(shapes_[node.inputs[part]][1]);
  }
}

void Planner::add_part(size_t index, size_t part, SlotId whole, size_t channel) {
  const Node& node = graph_.nodes[index];
  const ValueId id = node.inputs[part];
  const WeightPtr& constant = graph_.values[id].weight;
  const SlotId there = constant ? kNone : slot(id, Layout::pixels);
  if (there != kNone && slots_.is_movable(there)) return slots_.put_into(there, whole, channel);
  MoveStep move;
  if (constant)
    move.constant = in_pixels(to_dense(*model::opened(constant)).data, static_cast<size_t>(shapes_[id][1]));
  push_step({node_name(graph_, node), op_name(node.op), "copy", "", std::move(move)},
            constant ? std::vector<SlotId>{} : std::vector<SlotId>{stored(id)},
            slots_.add_view(shapes_[id], whole, channel, Layout::pixels));
}

SlotId Planner::stored(ValueId value) const {
  const auto& [planes, pixels] = slots_of_[value];
  return pixels != kNone ? pixels : planes;
}

Layout Planner::layout_of(ValueId value) const { return slots_.layout(stored(value)); }

SlotId Planner::stored_in(ValueId value, Layout layout, const Node& reader) {
  if (slot(value, layout) != kNone) return slot(value, layout);
  const SlotId from = slot(value, other(layout));
  if (slots_.is_either(from)) return from;
  const SlotId to = slots_.add(shapes_[value], layout);
  const std::string_view kernel = layout == Layout::planes ? "to_planes" : "to_pixels";
  push_step({node_name(graph_, reader), "layout", kernel, "", MoveStep{}}, {from}, to);
  return slot(value, layout) = to;
}

void Planner::place_steps() {
  for (size_t i = 0; i < plan_->steps.size(); ++i) {
    Step& step = plan_->steps[i];
    for (SlotId read : reads_[i]) step.inputs.push_back(slots_.place(read));
    step.output = slots_.place(writes_[i]);
    if (sign_writes_[i] != kNone) step.signs = slots_.place(sign_writes_[i]);
  }
}

}  // namespace netsuke::runtime
