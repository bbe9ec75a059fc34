#include "onnx/site.h"

#include <algorithm>

#include "base/error.h"
#include "graph/shapes.h"

namespace netsuke::onnx {
namespace {

/// Room for ".weight" and "_17" in the 255 bytes of a name in a .nsk file. Compilers join names without end.
constexpr size_t kLongestName = 200;

std::string shortened(const std::string& name) {
  size_t length = std::min(name.size(), kLongestName);
  const auto inside = [](char c) {
    return (static_cast<uint8_t>(c) & 0xc0) == 0x80;
  };  // of a UTF-8 character
  while (length > 0 && length < name.size() && inside(name[length])) --length;
  return name.substr(0, length);
}

}  // namespace

std::string Construction::unused_name(const std::string& wanted) {
  const std::string base = shortened(wanted);
  std::string name = base;
  for (int i = 2; !names.insert(name).second; ++i) name = cat(base, '_', i);
  return name;
}

Site::Site(Construction& construction, const pb::NodeProto& node, std::vector<const Known*> inputs)
    : construction_(construction), node_(node), inputs_(std::move(inputs)), outputs_(output_count()) {}

std::string Site::where() const {
  const std::string& name =
      !node_.name().empty() || node_.output_size() == 0 ? node_.name() : node_.output(0);
  return cat("node ", name, " (", node_.op_type(), ')');
}

bool Site::has(const std::string& name) const {
  return std::any_of(node_.attribute().begin(), node_.attribute().end(),
                     [&](const auto& attribute) { return attribute.name() == name; });
}

const pb::AttributeProto* Site::find(const std::string& name, pb::AttributeProto::AttributeType type) {
  used_.insert(name);
  for (const auto& attribute : node_.attribute()) {
    if (attribute.name() != name) continue;
    if (attribute.type() != type)
      refuse("attribute ", name, " is a ", pb::AttributeProto::AttributeType_Name(attribute.type()),
             ", expected ", pb::AttributeProto::AttributeType_Name(type));
    return &attribute;
  }
  return nullptr;
}

int64_t Site::integer(const std::string& name, int64_t fallback) {
  const auto* found = find(name, pb::AttributeProto::INT);
  return found ? found->i() : fallback;
}
float Site::number(const std::string& name, float fallback) {
  const auto* found = find(name, pb::AttributeProto::FLOAT);
  return found ? found->f() : fallback;
}
std::string Site::text(const std::string& name, const std::string& fallback) {
  const auto* found = find(name, pb::AttributeProto::STRING);
  return found ? found->s() : fallback;
}
std::vector<int64_t> Site::integers(const std::string& name, std::vector<int64_t> fallback) {
  const auto* found = find(name, pb::AttributeProto::INTS);
  return found ? std::vector<int64_t>(found->ints().begin(), found->ints().end()) : std::move(fallback);
}
std::vector<float> Site::numbers(const std::string& name, std::vector<float> fallback) {
  const auto* found = find(name, pb::AttributeProto::FLOATS);
  return found ? std::vector<float>(found->floats().begin(), found->floats().end()) : std::move(fallback);
}
const pb::TensorProto* Site::tensor(const std::string& name) {
  const auto* found = find(name, pb::AttributeProto::TENSOR);
  return found ? &found->t() : nullptr;
}

void Site::check_attributes() const {
  for (const auto& attribute : node_.attribute())
    if (!used_.count(attribute.name())) refuse("attribute ", attribute.name(), " is not supported");
}

bool Site::all_constant() const {
  return std::all_of(inputs_.begin(), inputs_.end(),
                     [](const Known* known) { return !known || std::holds_alternative<Constant>(*known); });
}

const Shape& Site::shape(size_t i) const {
  if (!has_input(i)) refuse("input ", i, " is missing");
  if (const auto* constant = std::get_if<Constant>(inputs_[i])) return constant->shape;
  return std::get<Flowing>(*inputs_[i]).shape;
}

const Constant& Site::constant(size_t i, const std::string& role) const {
  if (!has_input(i)) refuse("input ", i, " (", role, ") is missing");
  if (const auto* constant = std::get_if<Constant>(inputs_[i])) return *constant;
  refuse("input ", i, " (", role, ") is computed at run time, expected a constant");
}

double Site::number_in(size_t i, const std::string& role) const {
  const Constant& c = constant(i, role);
  if (c.size() != 1) refuse(role, " has ", c.size(), " elements, expected one");
  return c.at(0);
}

std::vector<int64_t> Site::integers_of(size_t i, const std::string& name, std::vector<int64_t> fallback) {
  if (has_input(i)) return onnx::integers(constant(i, name), cat(where(), ": input ", name));
  return integers(name, std::move(fallback));
}

ValueId Site::value(size_t i, const std::string& role) {
  return is_constant(i) ? weight(role, constant(i, role)) : flowing(i);
}

ValueId Site::flowing(size_t i) const {
  if (!has_input(i)) refuse("input ", i, " is missing");
  if (const auto* flowing = std::get_if<Flowing>(inputs_[i])) return flowing->id;
  refuse("input ", i, " is a constant, expected what the network computes");
}

ValueId Site::weight(const std::string& role, const Constant& constant) {
  const WeightPtr weight =
      constant.is_integer() ? make_dense(Tensor(constant.shape, to_floats(constant))) : constant.floats;
  // Two nodes with one initializer share it here too.
  if (!constant.is_integer()) {
    const auto found = construction_.shared.find({weight.get(), constant.shape});
    if (found != construction_.shared.end()) return found->second;
  }
  Graph& graph = construction_.graph;
  const auto id = static_cast<ValueId>(graph.values.size());
  graph.values.push_back({construction_.unused_name(cat(node_name(added_), '.', role)), {}, weight});
  construction_.shared[{weight.get(), constant.shape}] = id;
  return id;
}

/// The layer's name as its makers know it: PyTorch calls a convolution after its weight, "features.0.weight",
/// and others name the node. Of a node that becomes several of ours the first has its name.
std::string Site::node_name(size_t already) const {
  std::string name = node_.name();
  constexpr std::string_view kSuffix = ".weight";
  if (node_.input_size() > 1 && node_.input(1).ends_with(kSuffix))
    name = node_.input(1).substr(0, node_.input(1).size() - kSuffix.size());
  if (name.empty() && node_.output_size() > 0) name = node_.output(0);
  return already == 0 ? name : cat(name, '.', already + 1);
}

Flowing Site::add(Op op, std::vector<ValueId> inputs) {
  return append(std::move(op), std::move(inputs), node_name(added_++));
}

Flowing Site::append(Op op, std::vector<ValueId> inputs, const std::string& name) {
  Graph& graph = construction_.graph;
  std::vector<Shape> shapes;
  for (ValueId id : inputs)
    shapes.push_back(graph.values[id].weight ? graph.values[id].weight->shape : graph.values[id].shape);
  Shape shape = output_shape(op, shapes, name);
  const auto id = static_cast<ValueId>(graph.values.size());
  // While the graph is made every value has its shape; what is not an input loses it in the end.
  graph.values.push_back({construction_.unused_name(name), shape, nullptr});
  graph.nodes.push_back({std::move(op), std::move(inputs), id});
  return {id, std::move(shape)};
}

Flowing Site::channels_first(ValueId image) {
  const Flowing turned = append(Transpose{{{0, 3, 1, 2}}}, {image}, cat(node_name(0), ".first"));
  construction_.first_turns.insert(turned.id);
  return turned;
}

Flowing Site::channels_last(ValueId image) {
  const Flowing turned = append(Transpose{{{0, 2, 3, 1}}}, {image}, cat(node_name(0), ".last"));
  construction_.turns.insert(turned.id);
  return turned;
}

// Where the height of an image stands that is rows: [N, C, 1, L] or, with the channels last, [N, 1, L, C].
constexpr size_t kBehindChannels = 2, kBeforeLength = 1;

std::optional<size_t> Site::height_for(Rows rows) const {
  const bool always = rows == Rows::as_images || rows == Rows::as_images_last;
  std::optional<size_t> height;
  if (rows == Rows::as_they_are || all_constant()) return height;
  if (always) height = rows == Rows::as_images ? kBehindChannels : kBeforeLength;
  for (const Known* input : inputs_) {
    const auto* rows_in = input ? std::get_if<Flowing>(input) : nullptr;
    const auto* constant = input ? std::get_if<Constant>(input) : nullptr;
    if (constant && constant->shape.size() > 3) return std::nullopt;
    if (!rows_in) continue;
    if (rows_in->shape.size() != 3) return std::nullopt;
    for (const size_t place : {kBehindChannels, kBeforeLength})
      if (!height && construction_.images.count({rows_in->id, place})) height = place;
  }
  return rows == Rows::follow_channels && height != kBehindChannels ? std::nullopt : height;
}

Constant Site::in_shape(const Constant& constant, Shape shape) {
  if (constant.is_integer()) {
    spend(shape);
    return reshaped(constant, std::move(shape));
  }
  auto& [source, made] = construction_.reshaped_weights[{constant.floats.get(), shape}];
  if (!source) source = constant.floats, made = reshaped(constant, std::move(shape));
  return made;
}

Known Site::as_image(const Known& known) {
  // Constants are broadcast from their last dimension on.
  const size_t behind = 3 - *height_;
  const auto with_height = [&](Shape shape) {
    if (shape.size() > behind) shape.insert(shape.end() - static_cast<std::ptrdiff_t>(behind), 1);
    return shape;
  };
  if (const auto* constant = std::get_if<Constant>(&known))
    return in_shape(*constant, with_height(constant->shape));
  const auto& rows = std::get<Flowing>(known);
  const Shape shape = with_height(rows.shape);
  const auto [found, is_new] = construction_.images.try_emplace({rows.id, *height_});
  if (is_new) {
    const Shape image(shape.begin() + 1, shape.end());
    found->second = append(Reshape{{image}}, {rows.id}, cat(node_name(0), ".image")).id;
  }
  return Flowing{found->second, shape};
}

void Site::take_rows(Rows rows) {
  height_ = height_for(rows);
  if (!height_) return;
  images_.reserve(inputs_.size());
  for (const Known*& input : inputs_) {
    const auto* constant = input ? std::get_if<Constant>(input) : nullptr;
    const bool stays = !input || (constant && constant->shape.size() <= 3 - *height_);
    if (!stays) input = &images_.emplace_back(as_image(*input));
  }
}

void Site::turn_rows() {
  output(*height_ == kBehindChannels ? channels_last(flowing()) : channels_first(flowing()));
  height_ = *height_ == kBehindChannels ? kBeforeLength : kBehindChannels;
}

void Site::give_rows() {
  if (!height_) return;
  for (std::optional<Known>& output : outputs_) {
    const Flowing* image = output ? std::get_if<Flowing>(&*output) : nullptr;
    if (!image || image->shape.size() != 4) continue;
    Shape shape(image->shape.begin() + 1, image->shape.end());
    shape.erase(shape.begin() + static_cast<std::ptrdiff_t>(*height_) - 1);
    const Flowing rows = append(Reshape{{shape}}, {image->id}, cat(node_name(0), ".rows"));
    construction_.images[{rows.id, *height_}] = image->id;
    output = rows;
  }
}

void Site::spend(const Shape& shape) {
  const int64_t count = element_count(shape);
  if (count > construction_.foldable)
    refuse("computes more constants than a file of this size is trusted with, the last of ", to_text(shape));
  construction_.foldable -= count;
}

void Site::output(Known known, size_t j) { outputs_.at(j) = std::move(known); }

size_t Site::axis(int64_t axis, size_t rank) const {
  const auto dimensions = static_cast<int64_t>(rank);
  if (axis < -dimensions || axis >= dimensions)
    refuse("axis ", axis, " of a tensor with ", rank, " dimensions");
  return static_cast<size_t>(axis < 0 ? axis + dimensions : axis);
}

}  // namespace netsuke::onnx
