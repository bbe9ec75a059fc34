#include "onnx/export.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "base/error.h"
#include "graph/shapes.h"
#include "onnx/proto.h"
#include "onnx/uniform.h"

namespace netsuke::onnx {
namespace {

constexpr int64_t kOpset = 15;
/// The first that has LayerNormalization.
constexpr int64_t kOpsetOfLayerNorm = 17;
/// Version 8 of the file format is the one that came with opset 15, and was 17's as well.
constexpr int64_t kFormat = 8;

template <class Value>
void set_raw(pb::TensorProto& tensor, const std::vector<Value>& values) {
  tensor.set_raw_data(values.data(), values.size() * sizeof(Value));
}

class Exporter {
 public:
  Exporter(const Graph& graph, const ExportOptions& options)
      : graph_(graph), options_(options), shapes_(infer_shapes(graph)) {
    for (const Value& value : graph.values) names_.insert(value.name);
  }

  Bytes run() {
    model_.set_ir_version(kFormat);
    model_.set_producer_name("netsuke");
    const bool layer_norm = std::ranges::any_of(
        graph_.nodes, [](const Node& node) { return std::holds_alternative<LayerNorm>(node.op); });
    model_.add_opset_import()->set_version(layer_norm ? kOpsetOfLayerNorm : kOpset);
    out_ = model_.mutable_graph();
    out_->set_name(graph_.name);
    for (const auto& [key, value] : graph_.metadata) {
      auto* entry = model_.add_metadata_props();
      entry->set_key(key), entry->set_value(value);
    }
    for (ValueId id : graph_.inputs) describe(*out_->add_input(), id);
    for (ValueId id = 0; id < graph_.values.size(); ++id)
      if (graph_.values[id].weight) add_weight(graph_.values[id]);
    for (const Node& node : graph_.nodes) {
      node_ = &node;
      std::visit([&](const auto& op) { add(op); }, node.op);
    }
    for (size_t i = 0; i < graph_.outputs.size(); ++i) add_output(i);
    return serialized();
  }

 private:
  Bytes serialized() const {
    const size_t size = model_.ByteSizeLong();
    if (size > static_cast<size_t>(std::numeric_limits<int>::max()))
      fail(ErrorCode::unsupported, "graph ", graph_.name, ": has ", size,
           " bytes as ONNX, a model file has less than 2 GiB");
    Bytes bytes(size);
    if (!model_.SerializeToArray(bytes.data(), static_cast<int>(size)))
      fail(ErrorCode::internal, "graph ", graph_.name, ": protobuf does not write it");
    return bytes;
  }

  void describe(pb::ValueInfoProto& info, ValueId id) const {
    info.set_name(graph_.values[id].name);
    auto* type = info.mutable_type()->mutable_tensor_type();
    type->set_elem_type(pb::TensorProto::FLOAT);
    type->mutable_shape()->add_dim()->set_dim_param("N");
    for (size_t d = 1; d < shapes_[id].size(); ++d)
      type->mutable_shape()->add_dim()->set_dim_value(shapes_[id][d]);
  }

  /// Called as the caller wishes where nothing else has that name. The nodes keep theirs.
  void add_output(size_t i) {
    const ValueId id = graph_.outputs[i];
    pb::ValueInfoProto& info = *out_->add_output();
    describe(info, id);
    const std::string& own = graph_.values[id].name;
    const auto before = graph_.outputs.begin() + static_cast<std::ptrdiff_t>(i);
    const bool repeated = std::find(graph_.outputs.begin(), before, id) != before;
    std::string wanted = repeated ? unused(own) : own;
    if (i < options_.output_names.size() && names_.insert(options_.output_names[i]).second)
      wanted = options_.output_names[i];
    if (wanted == own) return;
    info.set_name(wanted);
    const bool is_input = std::find(graph_.inputs.begin(), graph_.inputs.end(), id) != graph_.inputs.end();
    if (is_input || std::count(graph_.outputs.begin(), graph_.outputs.end(), id) > 1) {
      add_node("Identity", wanted, {own}, wanted);
      return;
    }
    for (pb::NodeProto& node : *out_->mutable_node()) {
      for (std::string& name : *node.mutable_output())
        if (name == own) name = wanted;
      for (std::string& name : *node.mutable_input())
        if (name == own) name = wanted;
    }
  }

  // --- Weights.

  pb::TensorProto& add_tensor(const std::string& name, const Shape& shape, pb::TensorProto::DataType type) {
    pb::TensorProto& tensor = *out_->add_initializer();
    tensor.set_name(name);
    tensor.set_data_type(type);
    for (int64_t d : shape) tensor.add_dims(d);
    return tensor;
  }

  void add_weight(const Value& value) {
    const Weight& weight = *value.weight;
    if (options_.quantized) {
      if (const auto* shared = std::get_if<Codebook>(&weight.encoding))
        return add_codebook(value.name, weight.shape, shared->centroids, shared->codes);
      const auto* shared = std::get_if<SparseCodebook>(&weight.encoding);
      // With every code taken none is left for zero.
      if (shared && shared->centroids.size() < 65'536)
        return add_sparse_codebook(value.name, weight.shape, *shared);
    }
    set_raw(add_tensor(value.name, weight.shape, pb::TensorProto::FLOAT), to_dense(weight).data);
  }

  /// A pruned weight is zero at most places: zero becomes one more centroid.
  void add_sparse_codebook(const std::string& name, const Shape& shape, const SparseCodebook& shared) {
    std::vector<float> centroids = shared.centroids;
    centroids.push_back(0);
    std::vector<uint16_t> codes(static_cast<size_t>(element_count(shape)),
                                static_cast<uint16_t>(shared.centroids.size()));
    for (size_t i = 0; i < shared.positions.size(); ++i) codes[shared.positions[i]] = shared.codes[i];
    add_codebook(name, shape, centroids, codes);
  }

  void add_codebook(const std::string& name, const Shape& shape, const std::vector<float>& centroids,
                    const std::vector<uint16_t>& codes) {
    if (const auto uniform = uniform_codes(centroids)) return add_uniform(name, shape, *uniform, codes);
    const std::string code_name = unused(name + ".codes"), book_name = unused(name + ".centroids"),
                      wide = unused(name + ".indices");
    if (centroids.size() <= 256)
      set_raw(add_tensor(code_name, shape, pb::TensorProto::UINT8),
              std::vector<uint8_t>(codes.begin(), codes.end()));
    else
      set_raw(add_tensor(code_name, shape, pb::TensorProto::UINT16), codes);
    set_raw(add_tensor(book_name, {static_cast<int64_t>(centroids.size())}, pb::TensorProto::FLOAT),
            centroids);
    // Gather takes indices of 32 or 64 bits only.
    set(add_node("Cast", wide, {code_name}, wide), "to", int64_t{pb::TensorProto::INT32});
    set(add_node("Gather", unused(name + ".lookup"), {book_name, wide}, name), "axis", int64_t{0});
  }

  void add_uniform(const std::string& name, const Shape& shape, const UniformCodes& uniform,
                   const std::vector<uint16_t>& codes) {
    const std::string code_name = unused(name + ".codes"), step = unused(name + ".step"),
                      zero = unused(name + ".zero");
    std::vector<uint8_t> bytes(codes.size());
    for (size_t i = 0; i < codes.size(); ++i) bytes[i] = uniform.codes[codes[i]];
    set_raw(add_tensor(code_name, shape, pb::TensorProto::UINT8), bytes);
    set_raw(add_tensor(step, {}, pb::TensorProto::FLOAT), std::vector{uniform.step});
    set_raw(add_tensor(zero, {}, pb::TensorProto::UINT8), std::vector{uniform.zero});
    add_node("DequantizeLinear", unused(name + ".steps"), {code_name, step, zero}, name);
  }

  // --- Nodes.

  std::string unused(const std::string& wanted) {
    std::string name = wanted;
    for (int i = 2; !names_.insert(name).second; ++i) name = cat(wanted, '_', i);
    return name;
  }

  pb::NodeProto& add_node(const std::string& op, const std::string& name,
                          const std::vector<std::string>& inputs, const std::string& output) {
    pb::NodeProto& node = *out_->add_node();
    node.set_op_type(op);
    node.set_name(name);
    for (const std::string& input : inputs) node.add_input(input);
    node.add_output(output);
    return node;
  }

  const std::string& output_name() const { return graph_.values[node_->output].name; }
  std::vector<std::string> input_names() const {
    std::vector<std::string> names;
    for (ValueId id : node_->inputs) names.push_back(graph_.values[id].name);
    return names;
  }
  /// The current node with its own inputs and `more` behind them.
  pb::NodeProto& simple(const std::string& op, const std::vector<std::string>& more = {}) {
    std::vector<std::string> inputs = input_names();
    inputs.insert(inputs.end(), more.begin(), more.end());
    return add_node(op, output_name(), inputs, output_name());
  }

  static pb::AttributeProto& attribute(pb::NodeProto& node, const char* name,
                                       pb::AttributeProto::AttributeType type) {
    pb::AttributeProto& a = *node.add_attribute();
    a.set_name(name);
    a.set_type(type);
    return a;
  }
  static void set(pb::NodeProto& node, const char* name, int64_t value) {
    attribute(node, name, pb::AttributeProto::INT).set_i(value);
  }
  static void set(pb::NodeProto& node, const char* name, float value) {
    attribute(node, name, pb::AttributeProto::FLOAT).set_f(value);
  }
  static void set(pb::NodeProto& node, const char* name, const char* value) {
    attribute(node, name, pb::AttributeProto::STRING).set_s(value);
  }
  static void set(pb::NodeProto& node, const char* name, const std::vector<int64_t>& values) {
    pb::AttributeProto& a = attribute(node, name, pb::AttributeProto::INTS);
    for (int64_t v : values) a.add_ints(v);
  }
  static void set(pb::NodeProto& node, const char* name, Pair p) {
    set(node, name, std::vector<int64_t>{p.h, p.w});
  }
  static void set(pb::NodeProto& node, const char* name, Pads p) {
    set(node, name, std::vector<int64_t>{p.top, p.left, p.bottom, p.right});
  }

  /// A constant that belongs to the current node; returns its name.
  std::string list(const std::string& role, const std::vector<int64_t>& values) {
    std::string name = unused(cat(output_name(), '.', role));
    set_raw(add_tensor(name, {static_cast<int64_t>(values.size())}, pb::TensorProto::INT64), values);
    return name;
  }
  std::string number(const std::string& role, float value) {
    std::string name = unused(cat(output_name(), '.', role));
    set_raw(add_tensor(name, {}, pb::TensorProto::FLOAT), std::vector<float>{value});
    return name;
  }
  std::string numbers(const std::string& role, const std::vector<float>& values) {
    std::string name = unused(cat(output_name(), '.', role));
    set_raw(add_tensor(name, {static_cast<int64_t>(values.size())}, pb::TensorProto::FLOAT), values);
    return name;
  }
  /// Where another size than the batch's stands for "as it is": Reshape's 0.
  static std::vector<int64_t> behind_batch(std::vector<int64_t> dims) {
    dims.insert(dims.begin(), 0);
    return dims;
  }
  const Shape& input_shape(size_t i = 0) const { return shapes_[node_->inputs[i]]; }

  void add(const Conv2d& op) {
    auto& node = simple("Conv");
    const Shape& w = input_shape(1);
    set(node, "kernel_shape", std::vector<int64_t>{w[2], w[3]});
    set(node, "strides", op.stride), set(node, "pads", op.pad), set(node, "dilations", op.dilation);
    set(node, "group", int64_t{op.groups});
  }
  void add(const ConvTranspose2d& op) {
    auto& node = simple("ConvTranspose");
    const Shape& w = input_shape(1);
    set(node, "kernel_shape", std::vector<int64_t>{w[2], w[3]});
    set(node, "strides", op.stride), set(node, "pads", op.pad), set(node, "dilations", op.dilation);
    set(node, "output_padding", op.output_pad), set(node, "group", int64_t{op.groups});
  }
  void add(const Linear&) { set(simple("Gemm"), "transB", int64_t{1}); }
  void add(const BatchNorm& op) { set(simple("BatchNormalization"), "epsilon", op.epsilon); }
  /// Opset 21 has one of groups; before, each group is one channel of what has no further dimensions, and the
  /// channels' own factors come behind.
  void add(const GroupNorm& op) {
    const Shape& x = input_shape();
    if (op.groups == x[1] && x.size() > 2) {
      set(simple("InstanceNormalization"), "epsilon", op.epsilon);
      return;
    }
    const std::vector<std::string> inputs = input_names();
    const std::string own = output_name();
    const auto made = [&](const char* role, const char* kind, const std::vector<std::string>& from) {
      std::string name = unused(cat(own, '.', role));
      add_node(kind, name, from, name);
      return name;
    };
    const std::string apart = made("apart", "Reshape", {inputs[0], list("groups", {0, op.groups, -1})});
    const auto groups = static_cast<size_t>(op.groups);
    const std::string normed = unused(own + ".normed");
    set(add_node("InstanceNormalization", normed,
                 {apart, numbers("ones", std::vector<float>(groups, 1)),
                  numbers("zeros", std::vector<float>(groups, 0))},
                 normed),
        "epsilon", op.epsilon);
    Shape together = x, channels(x.size() - 1, 1);
    together[0] = 0, channels[0] = x[1];
    const std::string back = made("together", "Reshape", {normed, list("shape", together)});
    const std::string each = list("channels", channels);
    const std::string factors = made("factors", "Reshape", {inputs[1], each});
    const std::string scaled = made("scaled", "Mul", {back, factors});
    add_node("Add", own, {scaled, made("shifts", "Reshape", {inputs[2], each})}, own);
  }
  /// ONNX's is of the last dimensions.
  void add(const LayerNorm& op) {
    std::vector<std::string> names = input_names();
    const bool image = input_shape().size() == 4;
    const std::string own = output_name(), made = image ? unused(own + ".made") : own;
    if (image) {
      const std::string turned = unused(own + ".last");
      set(add_node("Transpose", turned, {names[0]}, turned), "perm", std::vector<int64_t>{0, 2, 3, 1});
      names[0] = turned;
    }
    auto& node = add_node("LayerNormalization", own, names, made);
    set(node, "axis", int64_t{-1}), set(node, "epsilon", op.epsilon);
    if (image)
      set(add_node("Transpose", unused(own + ".first"), {made}, own), "perm",
          std::vector<int64_t>{0, 3, 1, 2});
  }
  void add(const Lrn& op) {
    auto& node = simple("LRN");
    set(node, "size", int64_t{op.size}), set(node, "alpha", op.alpha), set(node, "beta", op.beta),
        set(node, "bias", op.k);
  }
  void add(const Relu&) { simple("Relu"); }
  void add(const LeakyRelu& op) { set(simple("LeakyRelu"), "alpha", op.alpha); }
  void add(const PRelu&) { simple("PRelu"); }
  /// ONNX's Sign is 0 at 0, ours is 1.
  void add(const Sign&) {
    const std::string positive = unused(output_name() + ".positive");
    add_node("GreaterOrEqual", positive, {input_names()[0], number("zero", 0)}, positive);
    add_node("Where", output_name(), {positive, number("one", 1), number("minus_one", -1)}, output_name());
  }
  void add(const InputScale& op) {
    const bool image = input_shape().size() == 4;
    const std::string size = unused(output_name() + ".size"),
                      mean = image ? unused(output_name() + ".mean") : output_name();
    add_node("Abs", size, input_names(), size);
    auto& reduce = add_node("ReduceMean", mean, {size}, mean);
    set(reduce, "axes", std::vector<int64_t>{1}), set(reduce, "keepdims", int64_t{1});
    if (!image) return;
    const auto area = static_cast<size_t>(op.kernel.h) * static_cast<size_t>(op.kernel.w);
    const std::string box = unused(output_name() + ".box");
    set_raw(add_tensor(box, {1, 1, op.kernel.h, op.kernel.w}, pb::TensorProto::FLOAT),
            std::vector<float>(area, 1 / static_cast<float>(area)));
    auto& node = add_node("Conv", output_name(), {mean, box}, output_name());
    set(node, "kernel_shape", op.kernel), set(node, "strides", op.stride), set(node, "pads", op.pad),
        set(node, "dilations", op.dilation);
  }
  void add(const Sigmoid&) { simple("Sigmoid"); }
  void add(const Tanh&) { simple("Tanh"); }
  void add(const HardSwish&) { simple("HardSwish"); }
  void add(const Elu& op) { set(simple("Elu"), "alpha", op.alpha); }
  void add(const Softplus&) { simple("Softplus"); }
  void add(const Erf&) { simple("Erf"); }
  void add(const HardSigmoid& op) {
    auto& node = simple("HardSigmoid");
    set(node, "alpha", op.alpha), set(node, "beta", op.beta);
  }
  void add(const Clip& op) {
    const std::string least = std::isinf(op.min) ? "" : number("min", op.min),
                      most = std::isinf(op.max) ? "" : number("max", op.max);
    simple("Clip", {least, most});
  }
  template <class Pool>
  pb::NodeProto& add_pool(const char* name, const Pool& op) {
    auto& node = simple(name);
    set(node, "kernel_shape", op.kernel), set(node, "strides", op.stride), set(node, "pads", op.pad);
    set(node, "ceil_mode", int64_t{op.ceil});
    return node;
  }
  void add(const MaxPool& op) { add_pool("MaxPool", op); }
  void add(const AvgPool& op) {
    set(add_pool("AveragePool", op), "count_include_pad", int64_t{op.count_pad});
  }
  void add(const GlobalAvgPool&) { simple("GlobalAveragePool"); }
  void add(const GlobalMaxPool&) { simple("GlobalMaxPool"); }
  void add(const Flatten&) { set(simple("Flatten"), "axis", int64_t{1}); }
  void add(const Softmax&) { set(simple("Softmax"), "axis", int64_t{1}); }
  void add(const LogSoftmax&) { set(simple("LogSoftmax"), "axis", int64_t{1}); }
  void add(const Dropout& op) { simple("Dropout", {number("ratio", op.ratio)}); }
  void add(const Add&) { simple("Add"); }
  void add(const Mul&) { simple("Mul"); }
  void add(const Sub&) { simple("Sub"); }
  void add(const Div&) { simple("Div"); }
  /// The batch that this input has and ones behind it: as many as it has dimensions.
  std::string batch_of(const std::string& input, size_t rank) {
    const std::string shape = unused(output_name() + ".shape"), batch = unused(output_name() + ".batch");
    std::string whole = unused(output_name() + ".repeats");
    add_node("Shape", shape, {input}, shape);
    add_node("Slice", batch, {shape, list("first", {0}), list("second", {1})}, batch);
    set(add_node("Concat", whole, {batch, list("ones", std::vector<int64_t>(rank - 1, 1))}, whole), "axis",
        int64_t{0});
    return whole;
  }
  /// A constant has no batch and is repeated for each image.
  void add(const Concat&) {
    std::vector<std::string> names = input_names();
    const auto is_constant = [&](size_t i) { return graph_.values[node_->inputs[i]].weight != nullptr; };
    std::string repeats;
    for (size_t i = 0; i < names.size() && repeats.empty(); ++i)
      if (!is_constant(i)) repeats = names[i];
    if (repeats.empty())
      fail(ErrorCode::unsupported, "node ", output_name(), " (concat): all of its inputs are constants");
    bool is_known = false;
    for (size_t i = 0; i < names.size(); ++i) {
      if (!is_constant(i)) continue;
      if (!is_known) repeats = batch_of(repeats, input_shape(i).size()), is_known = true;
      const std::string repeated = unused(names[i] + ".repeated");
      add_node("Expand", repeated, {names[i], repeats}, repeated);
      names[i] = repeated;
    }
    set(add_node("Concat", output_name(), names, output_name()), "axis", int64_t{1});
  }
  void add(const Reshape& op) { simple("Reshape", {list("shape", behind_batch(op.dims.values))}); }
  void add(const Transpose& op) { set(simple("Transpose"), "perm", op.perm.values); }
  void add(const Slice& op) {
    // Past the front, where -1 would mean the last element.
    const int64_t end = op.end < 0 ? std::numeric_limits<int64_t>::min() : op.end;
    simple("Slice", {list("starts", {op.begin}), list("ends", {end}), list("axes", {op.axis}),
                     list("steps", {op.step})});
  }
  void add(const Pad& op) {
    const char* modes[] = {"constant", "reflect", "edge"};
    const std::vector<int64_t> pads{0, 0, op.pad.top, op.pad.left, 0, 0, op.pad.bottom, op.pad.right};
    set(simple("Pad", {list("pads", pads), number("value", op.value)}), "mode", modes[op.mode]);
  }
  void add(const Resize& op) {
    const char* modes[] = {"nearest", "linear"};
    const char* coordinates[] = {"half_pixel", "asymmetric", "align_corners", "pytorch_half_pixel"};
    const char* roundings[] = {"round_prefer_floor", "round_prefer_ceil", "floor", "ceil"};
    const Shape& x = input_shape();
    auto& node =
        simple("Resize", {"", numbers("scales", {1, 1, scale(x[2], op.size.h), scale(x[3], op.size.w)})});
    set(node, "mode", modes[op.mode]);
    set(node, "coordinate_transformation_mode", coordinates[op.coordinates]);
    set(node, "nearest_mode", roundings[op.rounding]);
  }
  /// A float that times `from`, rounded down, is `to`: the quotient may have been rounded below it.
  static float scale(int64_t from, int to) {
    auto factor = static_cast<float>(static_cast<double>(to) / static_cast<double>(from));
    if (std::floor(factor * static_cast<float>(from)) < static_cast<float>(to))
      factor = std::nextafter(factor, HUGE_VALF);
    return factor;
  }
  void add(const DepthToSpace& op) {
    auto& node = simple("DepthToSpace");
    set(node, "blocksize", int64_t{op.block}), set(node, "mode", op.crd ? "CRD" : "DCR");
  }
  /// ONNX has no shuffle: channels are reshaped to [groups, n], transposed and reshaped back.
  void add(const ChannelShuffle& op) {
    const Shape& x = input_shape();
    const std::string apart = unused(output_name() + ".apart"), turned = unused(output_name() + ".turned");
    add_node("Reshape", apart,
             {input_names()[0], list("groups", {0, op.groups, x[1] / op.groups, x[2], x[3]})}, apart);
    set(add_node("Transpose", turned, {apart}, turned), "perm", std::vector<int64_t>{0, 2, 1, 3, 4});
    add_node("Reshape", output_name(), {turned, list("channels", {0, x[1], x[2], x[3]})}, output_name());
  }

  const Graph& graph_;
  const ExportOptions& options_;
  std::vector<Shape> shapes_;
  std::set<std::string> names_;
  pb::ModelProto model_;
  pb::GraphProto* out_ = nullptr;
  const Node* node_ = nullptr;
};

}  // namespace

Bytes export_model(const Graph& graph, const ExportOptions& options) {
  return Exporter(graph, options).run();
}

}  // namespace netsuke::onnx
