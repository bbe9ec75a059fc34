// One ONNX node while it is imported: what its converter looks at and writes to.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "base/error.h"
#include "graph/graph.h"
#include "onnx/constant.h"
#include "onnx/proto.h"

namespace netsuke::onnx {

/// A value that flows through the graph under construction, at the batch the model was exported with.
struct Flowing {
  ValueId id = 0;
  Shape shape;
};

/// What is known of an ONNX value: its elements, or which of our values it is.
using Known = std::variant<Constant, Flowing>;

/// Elements of constants that may be computed while a model is imported, beside what grows with its file (a
/// large network may look up its shared weights): a damaged or hostile file may ask for anything.
inline constexpr int64_t kMostFolded = 1 << 24;

/// What a node makes of rows of values, [N, C, L], which layers of ours know as images of height 1.
enum class Rows {
  as_they_are,
  as_images,       ///< always: [N, C, 1, L]
  as_images_last,  ///< always, with the channels last: [N, L, C] as [N, 1, L, C]
  follow,          ///< as what made them did: it works element by element
  follow_channels  ///< the same, where channels come first: it works channel by channel
};

/// The graph under construction.
struct Construction {
  Graph graph;
  int64_t opset = 0;
  int64_t batch = 1;
  int64_t foldable = kMostFolded;                           ///< elements that may still be computed here
  std::set<std::string> names;                              ///< in use
  std::map<std::pair<const void*, Shape>, ValueId> shared;  ///< weights placed already, by address and shape
  /// What Site::in_shape() made, by address and shape, with the weight of that address.
  std::map<std::pair<const void*, Shape>, std::pair<WeightPtr, Constant>> reshaped_weights;
  std::set<ValueId> turns;                               ///< what Site::channels_last() made
  std::set<ValueId> first_turns;                         ///< what Site::channels_first() made
  std::map<std::pair<ValueId, size_t>, ValueId> images;  ///< rows as images, by where the height stands

  std::string unused_name(const std::string& wanted);
};

class Site {
 public:
  Site(Construction& construction, const pb::NodeProto& node, std::vector<const Known*> inputs);

  // --- The node.
  const std::string& op() const { return node_.op_type(); }
  int64_t opset() const { return construction_.opset; }
  int64_t batch() const { return construction_.batch; }
  /// As errors name it.
  std::string where() const;
  /// Throws Error(unsupported): "node conv7 (Conv): ...".
  template <class... Parts>
  [[noreturn]] void refuse(const Parts&... parts) const {
    fail(ErrorCode::unsupported, where(), ": ", parts...);
  }

  // --- Attributes. What no converter has asked for is refused in the end (see check_attributes).
  int64_t integer(const std::string& name, int64_t fallback);
  float number(const std::string& name, float fallback);
  std::string text(const std::string& name, const std::string& fallback);
  std::vector<int64_t> integers(const std::string& name, std::vector<int64_t> fallback = {});
  std::vector<float> numbers(const std::string& name, std::vector<float> fallback = {});
  const pb::TensorProto* tensor(const std::string& name);
  bool has(const std::string& name) const;
  /// For attributes that bear on nothing here.
  void ignore(const std::string& name) { used_.insert(name); }
  void check_attributes() const;

  // --- Inputs.
  size_t input_count() const { return inputs_.size(); }
  size_t output_count() const { return static_cast<size_t>(node_.output_size()); }
  bool has_output(size_t j) const { return !node_.output(static_cast<int>(j)).empty(); }
  /// An optional input may be left out in the middle of the list as well as at its end.
  bool has_input(size_t i) const { return i < inputs_.size() && inputs_[i]; }
  bool is_constant(size_t i) const { return has_input(i) && std::holds_alternative<Constant>(*inputs_[i]); }
  bool all_constant() const;
  const Shape& shape(size_t i = 0) const;
  /// The values of input i; refuses one that is computed. `role` names it in errors.
  const Constant& constant(size_t i, const std::string& role) const;
  /// The one number that input i holds.
  double number_in(size_t i, const std::string& role) const;
  /// The integers that opsets give as attribute `name` first and as constant input i later.
  std::vector<int64_t> integers_of(size_t i, const std::string& name, std::vector<int64_t> fallback = {});
  /// Input i as a value of the graph; a constant is placed there under `role`.
  ValueId value(size_t i, const std::string& role = "operand");
  /// A computed input; refuses a constant.
  ValueId flowing(size_t i = 0) const;

  // --- Rows of values.
  /// From here on rows are images of height 1, the node's inputs and what its converter makes of them.
  void take_rows(Rows rows);
  /// True if they are: attributes are lists for one dimension of space then.
  bool of_rows() const { return height_.has_value(); }
  /// The node exchanges channels and length: an image of rows has its channels first behind it where it had
  /// them last, and the other way round.
  void turn_rows();
  /// To be called behind the converter: images are rows again. Who reads them as images reads the images.
  void give_rows();

  // --- What the node becomes.
  /// A constant of the graph named after the node and its role.
  ValueId weight(const std::string& role, const Constant& constant);
  /// The constant in another shape of as many elements; of one weight there is one, whoever asks.
  Constant in_shape(const Constant& constant, Shape shape);
  /// Appends a node of ours; several make up one ONNX node where no single one does.
  Flowing add(Op op, std::vector<ValueId> inputs);
  /// An image with its channels last, as layers of ours want it: what these make of it goes back by
  /// channels_last(), and most of both is not needed in the end (sink_turns.h).
  Flowing channels_first(ValueId image);
  Flowing channels_last(ValueId image);
  /// The ONNX node's output j is this.
  void output(Known known, size_t j = 0);
  /// Absent where the converter gave none.
  std::vector<std::optional<Known>>& outputs() { return outputs_; }

  /// To be called before a constant of this shape is computed: refuses more than Construction::foldable.
  void spend(const Shape& shape);

  /// An axis of a tensor with `rank` dimensions, counted from the front.
  size_t axis(int64_t axis, size_t rank) const;

 private:
  const pb::AttributeProto* find(const std::string& name, pb::AttributeProto::AttributeType type);
  std::string node_name(size_t already) const;
  std::optional<size_t> height_for(Rows rows) const;
  Known as_image(const Known& known);
  Flowing append(Op op, std::vector<ValueId> inputs, const std::string& name);

  Construction& construction_;
  const pb::NodeProto& node_;
  std::vector<const Known*> inputs_;
  std::vector<std::optional<Known>> outputs_;
  std::set<std::string> used_;
  size_t added_ = 0;
  std::optional<size_t> height_;  ///< the dimension of 1 that makes rows images
  std::vector<Known> images_;     ///< inputs as images
};

/// How one kind of ONNX node is imported.
struct Converter {
  std::string_view op;
  void (*convert)(Site&);
  Rows rows = Rows::as_they_are;
};

// The rows of the catalog, by family.
std::span<const Converter> layer_converters();
std::span<const Converter> pool_converters();
std::span<const Converter> elementwise_converters();
std::span<const Converter> shape_converters();

/// The result of a node whose inputs are all constants, or nothing if it is not one that is folded.
std::optional<Constant> fold(Site& site);
/// True for operators that only ever occur among constants (Shape, Range, ...).
bool folds_only(std::string_view op);

}  // namespace netsuke::onnx
