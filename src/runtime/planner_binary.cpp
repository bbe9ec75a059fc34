// How binary layers become steps: signs are stored at a bit each where only binary layers read them, a batch
// norm before them is computed by whoever takes the signs, and all that follows a binary convolution up to
// the next signs becomes part of its step.
#include <algorithm>

#include "kernels/binary/signs.h"
#include "runtime/planner.h"

namespace netsuke::runtime {
namespace {

/// Signs of so many channels as a slot has them, which counts floats.
Shape shape_of_bits(Shape shape) {
  shape[1] = static_cast<int64_t>(2 * kernels::sign_words(static_cast<size_t>(shape[1])));
  return shape;
}

bool one_a_channel(const Shape& constant, const Shape& x) {
  const Shape expected = x.size() == 4 ? Shape{x[1], 1, 1} : Shape{x[1]};
  return constant == expected;
}

}  // namespace

bool Planner::add_binary(size_t index) {
  const Node& node = graph_.nodes[index];
  if (std::holds_alternative<Sign>(node.op)) return add_sign(node);
  if (std::holds_alternative<InputScale>(node.op)) return add_input_scale(index);
  if (std::holds_alternative<BatchNorm>(node.op)) return leave_to_readers(node) || join_norm(node);
  if (std::holds_alternative<Sub>(node.op)) return leave_to_readers(node);
  if (std::holds_alternative<Mul>(node.op)) return join_input_scale(node);
  if (std::holds_alternative<PRelu>(node.op)) return join_slope(node);
  return add_binary_layer(index);
}

// True if the node's signs are stored as bits.
bool Planner::becomes_bits(const Node& sign) const {
  const std::vector<size_t>& readers = readers_[sign.output];
  return options_.residency != Residency::dense && sign.output != graph_.outputs[0] && !readers.empty() &&
         std::all_of(readers.begin(), readers.end(),
                     [&](size_t r) { return has_binary_weights(graph_, graph_.nodes[r]); });
}

bool Planner::leave_to_readers(const Node& norm) {
  const std::vector<size_t>& readers = readers_[norm.output];
  const bool all = std::all_of(readers.begin(), readers.end(), [&](size_t r) {
    const Node& reader = graph_.nodes[r];
    return std::holds_alternative<InputScale>(reader.op) ||
           (std::holds_alternative<Sign>(reader.op) && becomes_bits(reader));
  });
  if (!all || readers.empty() || norm.output == graph_.outputs[0]) return false;
  if (std::holds_alternative<Sub>(norm.op)) return leave_threshold_to_readers(norm);
  ScaleShiftStep step = scale_and_shift(norm);
  norms_[norm.output] = {norm.inputs[0], std::move(step.scale), std::move(step.shift)};
  return true;
}

// x - threshold, which loses nothing of whether it is below 0.
bool Planner::leave_threshold_to_readers(const Node& difference) {
  const ValueId x = difference.inputs[0];
  const WeightPtr& threshold = graph_.values[difference.inputs[1]].weight;
  if (graph_.values[x].weight || !threshold || !one_a_channel(threshold->shape, shapes_[x])) return false;
  Norm norm{x, {}, to_dense(*threshold).data};
  for (float& value : norm.shift) value = -value;
  norms_[difference.output] = std::move(norm);
  return true;
}

ScaleShiftStep Planner::scale_and_shift(const Node& norm) const {
  const std::vector<Layout> layouts(norm.inputs.size(), Layout::pixels);
  return std::get<ScaleShiftStep>(lower({graph_, norm, shapes_, layouts, options_}).work);
}

Planner::Norm Planner::norm_of(ValueId value) const {
  const auto found = norms_.find(value);
  return found == norms_.end() ? Norm{value, {}, {}} : found->second;
}

bool Planner::add_sign(const Node& node) {
  if (!becomes_bits(node)) return false;
  Norm norm = norm_of(node.inputs[0]);
  const SlotId bits = slots_.add(shape_of_bits(shapes_[norm.of]), Layout::pixels);
  bits_[node.output] = bits;
  if (join_sign(norm.of, norm, bits)) return true;
  Step step{node_name(graph_, node), op_name(node.op), "pack_signs", "",
            SignsStep{std::move(norm.scale), std::move(norm.shift)}};
  const SlotId from = stored_in(norm.of, Layout::pixels, node);
  push_step(std::move(step), {from}, bits);
  return true;
}

bool Planner::add_input_scale(size_t index) {
  const Node& node = graph_.nodes[index];
  const auto& op = std::get<InputScale>(node.op);
  Norm norm = norm_of(node.inputs[0]);
  const Shape& x = shapes_[norm.of];
  InputScaleStep step{{}, std::move(norm.scale), std::move(norm.shift)};
  if (x.size() == 4)
    step.shape = conv_shape({op.stride, op.pad, op.dilation}, x, {1, x[1], op.kernel.h, op.kernel.w},
                            shapes_[node.output]);
  else
    step.shape.height = step.shape.width = step.shape.out_height = step.shape.out_width = 1;
  step.shape.channels = static_cast<size_t>(x[1]);
  const size_t scratch = step.shape.height * step.shape.width;
  const SlotId from = stored_in(norm.of, Layout::pixels, node);
  add_step(index, {"input_scale", std::move(step), Layout::pixels, scratch, 0, ""}, {from});
  return true;
}

bool Planner::add_binary_layer(size_t index) {
  const Node& node = graph_.nodes[index];
  const auto bits = bits_.find(node.inputs[0]);
  if (bits == bits_.end()) return false;
  add_step(index, lower_binary({graph_, node, shapes_, {}, options_}), {bits->second});
  return true;
}

// --- What becomes part of a binary convolution's step.

/// The step that computes `value`, if it is a binary convolution to whose results more can be done.
BinaryConvStep* Planner::open_binary_step(ValueId value) {
  const size_t maker = maker_[value];
  if (maker == kNone) return nullptr;
  Step& step = plan_->steps[maker];
  auto* binary = std::get_if<BinaryConvStep>(&step.work);
  return binary && !binary->writes_signs && !step.clamp.limits() ? binary : nullptr;
}

bool Planner::join_into(const Node& node, ValueId value) {
  slots_of_[node.output] = slots_of_[value];
  maker_[node.output] = maker_[value];
  return true;
}

bool Planner::join_norm(const Node& node) {
  const ValueId value = node.inputs[0];
  BinaryConvStep* binary = open_binary_step(value);
  if (!binary || !only_feeds(value) || plan_->steps[maker_[value]].adds || !binary->slope.empty())
    return false;
  const ScaleShiftStep norm = scale_and_shift(node);
  binary->shift.resize(norm.shift.size(), 0.0f);
  for (size_t o = 0; o < norm.scale.size(); ++o) {
    binary->scale[o] *= norm.scale[o];
    binary->shift[o] = binary->shift[o] * norm.scale[o] + norm.shift[o];
  }
  return join_into(node, value);
}

// K is multiplied with before anything is added, and there before the convolution.
bool Planner::join_input_scale(const Node& node) {
  for (size_t i = 0; i < 2; ++i) {
    const ValueId value = node.inputs[i], k = node.inputs[1 - i];
    BinaryConvStep* binary = open_binary_step(value);
    if (!binary || !only_feeds(value) || maker_[k] == kNone) continue;
    const size_t before = maker_[value];
    const bool is_scale = std::holds_alternative<InputScaleStep>(plan_->steps[maker_[k]].work);
    // One K a pixel: what is repeated over pixels too is a multiplication of its own.
    Shape one_a_pixel = shapes_[value];
    one_a_pixel[1] = 1;
    if (!is_scale || maker_[k] >= before || shapes_[k] != one_a_pixel || plan_->steps[before].adds ||
        !binary->slope.empty() || !binary->shift.empty() || binary->k != 0)
      continue;
    binary->k = reads_[before].size();
    reads_[before].push_back(stored(k));
    slots_.read(stored(k), before);
    return join_into(node, value);
  }
  return false;
}

bool Planner::join_slope(const Node& node) {
  const ValueId value = node.inputs[0];
  const WeightPtr& slope = graph_.values[node.inputs[1]].weight;
  BinaryConvStep* binary = open_binary_step(value);
  if (!binary || !only_feeds(value) || !slope || !one_a_channel(slope->shape, shapes_[value]) ||
      !binary->slope.empty())
    return false;
  binary->slope = to_dense(*slope).data;
  plan_->steps[maker_[value]].activation = node_name(graph_, node);
  return join_into(node, value);
}

// The step writes the signs beside the values, or instead of them.
bool Planner::join_sign(ValueId real, Norm norm, SlotId bits) {
  const size_t maker = maker_[real];
  auto* binary = maker == kNone ? nullptr : std::get_if<BinaryConvStep>(&plan_->steps[maker].work);
  if (!binary || binary->writes_signs) return false;
  binary->writes_signs = true;
  binary->sign_scale = std::move(norm.scale), binary->sign_shift = std::move(norm.shift);
  const bool is_norm = !binary->sign_shift.empty();
  const auto alone = [&](ValueId value) { return only_feeds(value); };
  const size_t reader = readers_[real][0];
  binary->writes_values = !(alone(real) && (!is_norm || alone(graph_.nodes[reader].output)));
  slots_.write(bits, maker);
  sign_writes_[maker] = bits;
  return true;
}

}  // namespace netsuke::runtime
