#include "runtime/plan.h"

#include <algorithm>
#include <limits>

#include "base/error.h"
#include "graph/cost.h"
#include "graph/shapes.h"
#include "kernels/cpu.h"
#include "runtime/arena.h"
#include "runtime/lower.h"

namespace netsuke::runtime {
namespace {

constexpr size_t kNone = std::numeric_limits<size_t>::max();

// True for ops whose output has the values of its input, in the same order.
bool keeps_values(const Op& op) {
  return std::holds_alternative<Flatten>(op) || std::holds_alternative<Reshape>(op) ||
         std::holds_alternative<Dropout>(op);
}

// Walks the nodes once, making steps, and keeps track of which value each of them reads and computes.
class Planner {
 public:
  explicit Planner(const Graph& graph)
      : graph_(graph), shapes_(infer_shapes(graph)), costs_(cost(graph)), readers_(readers(graph)) {
    for (ValueId id = 0; id < graph.values.size(); ++id) same_as_.push_back(id);
    computed_by_.assign(graph.values.size(), kNone);
    last_read_by_.assign(graph.values.size(), 0);
  }

  std::shared_ptr<const Plan> plan() {
    check_graph();
    for (size_t i = 0; i < graph_.nodes.size(); ++i) add(i);
    place_values();
    plan_->name = graph_.name;
    plan_->input_shape = shapes_[graph_.inputs[0]];
    plan_->output_shape = shapes_[graph_.outputs[0]];
    return plan_;
  }

 private:
  void check_graph() const {
    if (graph_.inputs.size() != 1 || graph_.outputs.size() != 1)
      fail(ErrorCode::unsupported, "graph ", graph_.name, ": has ", graph_.inputs.size(), " inputs and ",
           graph_.outputs.size(), " outputs, the runtime takes one of each");
    if (graph_.values[graph_.outputs[0]].weight)
      fail(ErrorCode::unsupported, "graph ", graph_.name, ": its output is a constant");
    require(element_count(shapes_[graph_.inputs[0]]) > 0, "graph ", graph_.name, ": its input is empty");
  }

  void check_node(const Node& node) const {
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

  void add(size_t index) {
    const Node& node = graph_.nodes[index];
    check_node(node);
    if (keeps_values(node.op)) {
      same_as_[node.output] = same_as_[node.inputs[0]];
      return;
    }
    const std::optional<kernels::Clamp> clamp = clamp_of(node.op);
    if (clamp && join_step_before(node, *clamp)) return;
    Lowered lowered = lower(graph_, node, shapes_);
    Step step{node_name(graph_, node),
              op_name(node.op),
              lowered.kernel,
              "",
              std::move(lowered.work),
              clamp.value_or(kernels::Clamp{}),
              costs_[index].macs,
              {},
              {}};
    plan_->scratch = std::max(plan_->scratch, lowered.scratch);
    plan_->steps.push_back(std::move(step));
    note_values(node);
  }

  // Which values the step just made computes and reads.
  void note_values(const Node& node) {
    const size_t step = plan_->steps.size() - 1;
    computed_by_[node.output] = step;
    last_read_by_[node.output] = step;
    reads_.emplace_back();
    for (ValueId input : data_inputs(graph_, node)) {
      const ValueId id = same_as_[input];
      reads_.back().push_back(id);
      last_read_by_[id] = step;
    }
  }

  // Makes an activation part of the step that computes its input, if nothing else sees that input.
  bool join_step_before(const Node& node, kernels::Clamp clamp) {
    const ValueId input = node.inputs[0];
    const size_t before = computed_by_[input];
    if (before == kNone || readers_[input].size() != 1 || input == graph_.outputs[0]) return false;
    Step& step = plan_->steps[before];
    if (!takes_clamp(step.work) || step.clamp.limits()) return false;
    step.clamp = clamp;
    step.activation = node_name(graph_, node);
    computed_by_[node.output] = before;
    last_read_by_[node.output] = before;
    computed_by_[input] = kNone;
    return true;
  }

  void place_values() {
    std::vector<Lifetime> lifetimes;
    std::vector<size_t> value_of_step = live_values(lifetimes);
    const ArenaLayout layout = lay_out(lifetimes);
    const auto place = [&](ValueId id) {
      const size_t elements = size_of(id);
      if (id == graph_.inputs[0]) return Place{true, 0, elements};
      return Place{false, layout.offsets[value_of_step[computed_by_[id]]], elements};
    };
    for (ValueId id = 0; id < computed_by_.size(); ++id)
      if (computed_by_[id] != kNone) plan_->steps[computed_by_[id]].output = place(id);
    for (size_t i = 0; i < plan_->steps.size(); ++i)
      for (ValueId id : reads_[i]) plan_->steps[i].inputs.push_back(place(id));
    plan_->output = place(same_as_[graph_.outputs[0]]);
    plan_->arena = layout.size;
  }

  // One lifetime for each step's output; returns the index of each step's.
  std::vector<size_t> live_values(std::vector<Lifetime>& lifetimes) const {
    std::vector<size_t> of_step(plan_->steps.size());
    for (ValueId id = 0; id < computed_by_.size(); ++id) {
      const size_t step = computed_by_[id];
      if (step == kNone) continue;
      of_step[step] = lifetimes.size();
      const bool is_output = id == same_as_[graph_.outputs[0]];
      lifetimes.push_back({size_of(id), step, is_output ? plan_->steps.size() : last_read_by_[id]});
    }
    return of_step;
  }

  size_t size_of(ValueId id) const { return static_cast<size_t>(element_count(shapes_[id])); }

  const Graph& graph_;
  const std::vector<Shape> shapes_;
  const std::vector<NodeCost> costs_;
  const std::vector<std::vector<size_t>> readers_;
  std::vector<ValueId> same_as_;             // whose memory a value shares: its own, or what it is a view of
  std::vector<size_t> computed_by_;          // the step that writes a value, or kNone
  std::vector<size_t> last_read_by_;         // the last step that reads a value
  std::vector<std::vector<ValueId>> reads_;  // of each step
  std::shared_ptr<Plan> plan_ = std::make_shared<Plan>();
};

}  // namespace

std::shared_ptr<const Plan> make_plan(const Graph& graph) {
  kernels::cpu_level();  // reports a bad NETSUKE_CPU before any work
  verify(graph);
  return Planner(graph).plan();
}

}  // namespace netsuke::runtime
