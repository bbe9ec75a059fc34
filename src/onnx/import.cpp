#include "onnx/import.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <unordered_map>

#include "base/file.h"
#include "graph/passes/fold_batch_norm.h"
#include "graph/passes/order.h"
#include "onnx/layer_norms.h"
#include "onnx/recognise.h"
#include "onnx/sink_turns.h"
#include "onnx/site.h"

namespace netsuke::onnx {
namespace {

/// The whole catalog, a family after the other.
std::array<std::span<const Converter>, 4> converters() {
  return {layer_converters(), pool_converters(), elementwise_converters(), shape_converters()};
}

const Converter* find_converter(std::string_view op) {
  for (const auto family : converters())
    for (const Converter& row : family)
      if (row.op == op) return &row;
  return nullptr;
}

int64_t opset_of(const pb::ModelProto& model, const std::string& what) {
  int64_t opset = 0;
  for (const auto& set : model.opset_import())
    if (set.domain().empty() || set.domain() == "ai.onnx") opset = set.version();
  if (opset < kLeastOpset || opset > kMostOpset)
    fail(ErrorCode::unsupported, what, ": uses opset ", opset, ", supported are ", kLeastOpset, " to ",
         kMostOpset);
  return opset;
}

constexpr int64_t kBytesOfAFloat = 4;

/// One import: walks the nodes in order and keeps what is known of every name.
class Importer {
 public:
  Importer(pb::ModelProto& model, const std::string& what, const ImportOptions& options,
           const std::string& folder)
      : model_(model), what_(what), options_(options), folder_(folder) {}

  Graph run() {
    construction_.opset = opset_of(model_, what_);
    // Codes of a byte become wide indices and then weights.
    construction_.foldable += 4 * static_cast<int64_t>(model_.ByteSizeLong());  // by elements
    construction_.graph.name = model_.graph().name().empty() ? stem(what_) : model_.graph().name();
    for (auto& tensor : *model_.mutable_graph()->mutable_initializer())
      initializers_[tensor.name()] = &tensor;
    if (model_.graph().sparse_initializer_size() > 0)
      problems_.push_back("sparse initializers are not supported");
    join_layer_norms(*model_.mutable_graph());
    choose_outputs();
    find_needed();
    add_inputs();
    for (const pb::NodeProto& node : model_.graph().node())
      if (is_needed(node)) add_node(node);
    add_outputs();
    if (!problems_.empty()) report();
    try {
      return finish();
    } catch (const Error& error) {
      // What checks a graph does not know which file it came from.
      fail(error.code(), what_, ": ", error.what());
    }
  }

 private:
  void choose_outputs() {
    for (const auto& output : model_.graph().output())
      if (options_.output.empty() || output.name() == options_.output) outputs_.push_back(output.name());
    if (options_.output_names) *options_.output_names = outputs_;
    if (!outputs_.empty() || options_.output.empty()) return;
    std::vector<std::string> names;
    for (const auto& output : model_.graph().output()) names.push_back(output.name());
    fail(ErrorCode::usage, "--take: ", what_, " has no output '", options_.output,
         "', it has: ", join(names));
  }

  /// What the outputs are computed from. Nodes are in the order in which they are computed.
  void find_needed() {
    needed_.insert(outputs_.begin(), outputs_.end());
    const auto& nodes = model_.graph().node();
    for (auto node = nodes.rbegin(); node != nodes.rend(); ++node)
      if (is_needed(*node))
        for (const std::string& name : node->input())
          if (!name.empty()) needed_.insert(name);
  }
  bool is_needed(const pb::NodeProto& node) const {
    return node.output_size() == 0 ||
           std::any_of(node.output().begin(), node.output().end(),
                       [&](const std::string& name) { return needed_.count(name) != 0; });
  }

  void add_inputs() {
    for (const auto& input : model_.graph().input())
      if (!initializers_.count(input.name()) && needed_.count(input.name()))
        attempt(cat("input ", input.name()), [&] { add_input(input); });
    if (construction_.graph.inputs.empty() && problems_.empty()) problems_.push_back("it has no input");
  }

  void add_input(const pb::ValueInfoProto& input) {
    unknown_.insert(input.name());
    const auto& type = input.type().tensor_type();
    const int element = type.elem_type();
    if (element != pb::TensorProto::FLOAT && element != pb::TensorProto::FLOAT16 &&
        element != pb::TensorProto::BFLOAT16 && element != pb::TensorProto::DOUBLE)
      fail(ErrorCode::unsupported, "input ", input.name(), ": is of type ", element,
           " (see TensorProto.DataType), supported are floats");
    Graph& graph = construction_.graph;
    const Shape shape = input_shape(input);
    if (!graph.inputs.empty() && shape[0] != construction_.batch)
      fail(ErrorCode::unsupported, "input ", input.name(), ": has another batch than the first input");
    construction_.batch = shape[0];
    const auto id = static_cast<ValueId>(graph.values.size());
    graph.values.push_back({construction_.unused_name(input.name()), shape, nullptr});
    graph.inputs.push_back(id);
    unknown_.erase(input.name());
    known_[input.name()] = Flowing{id, shape};
  }

  /// Dimensions that the model leaves open: the batch is 1, the others come from the options.
  Shape input_shape(const pb::ValueInfoProto& input) const {
    const auto& dims = input.type().tensor_type().shape().dim();
    const auto rank = static_cast<size_t>(dims.size());
    if (rank < 1 || rank > kMaxRank)
      fail(ErrorCode::unsupported, "input ", input.name(), ": has ", rank,
           " dimensions, expected a batch and 1 to 7 more");
    Shape shape;
    for (const auto& dim : dims) shape.push_back(dim.dim_value() > 0 ? dim.dim_value() : 0);
    if (shape[0] == 0) shape[0] = 1;
    if (options_.input && options_.input->size() + 1 == rank) fill(shape, *options_.input);
    if (options_.input && options_.input->size() + 1 != rank)
      fail(ErrorCode::usage, "--input: ", to_text(*options_.input), " was asked for, input ", input.name(),
           " has ", rank - 1, " dimensions beside the batch");
    for (int64_t d : shape)
      if (d == 0)
        fail(ErrorCode::usage, "input ", input.name(), ": leaves its size open (", to_text(shape),
             "), give it as in --input 3x224x224");
    element_count(shape);
    return shape;
  }

  /// An image of channels x height x width; where the file leaves all but the last open, and that is the
  /// number of channels, these come last.
  static void fill(Shape& shape, Shape image) {
    const bool is_last = image.size() == 3 && shape[1] == 0 && shape[2] == 0 && shape[3] == image[0];
    if (is_last) std::rotate(image.begin(), image.begin() + 1, image.end());
    std::copy(image.begin(), image.end(), shape.begin() + 1);
  }

  void add_node(const pb::NodeProto& node) {
    const std::string& op = node.op_type();
    bool readable = true;
    std::vector<const Known*> inputs;
    for (const std::string& name : node.input()) {
      inputs.push_back(name.empty() ? nullptr : find(name));
      readable = readable && (name.empty() || inputs.back());
    }
    for (const std::string& name : node.output()) unknown_.insert(name);
    const Converter* converter = find_converter(op);
    const bool ours = node.domain().empty() || node.domain() == "ai.onnx";
    Site site(construction_, node, inputs);
    attempt(site.where(), [&] {
      if (const bool unknown = !ours || (!converter && !folds_only(op)); unknown) {
        unknown_operator_ = true;
        site.refuse("the operator ", ours ? "" : node.domain() + "::", op, " is not supported");
      }
      if (!readable) return;  // what it reads is reported already
      convert(site, node, converter);
    });
  }

  void convert(Site& site, const pb::NodeProto& node, const Converter* converter) {
    if (node.output_size() == 0) site.refuse("has no output");
    if (auto folded = fold(site)) {
      site.output(std::move(*folded));
    } else {
      if (!converter)
        site.refuse("reads what the network computes, supported is ", site.op(), " of constants only");
      site.take_rows(converter->rows);
      converter->convert(site);
      site.give_rows();
    }
    site.check_attributes();
    for (int j = 0; j < node.output_size(); ++j) {
      if (!needed_.count(node.output(j))) continue;
      auto& output = site.outputs()[static_cast<size_t>(j)];
      if (!output) site.refuse("its output ", j, " is not supported");
      unknown_.erase(node.output(j));
      known_[node.output(j)] = std::move(*output);
    }
  }

  void add_outputs() {
    for (const std::string& output : outputs_)
      attempt(cat("output ", output), [&] {
        const Known* known = find(output);
        if (!known) return;
        const auto* flowing = std::get_if<Flowing>(known);
        if (!flowing) fail(ErrorCode::unsupported, "output ", output, ": is a constant");
        construction_.graph.outputs.push_back(flowing->id);
      });
    if (construction_.graph.outputs.empty() && problems_.empty()) problems_.push_back("it has no output");
  }

  /// Null for what could not be imported. Initializers are decoded when they are first read.
  const Known* find(const std::string& name) {
    const auto known = known_.find(name);
    if (known != known_.end()) return &known->second;
    if (unknown_.count(name)) return nullptr;
    const auto initializer = initializers_.find(name);
    if (initializer != initializers_.end()) {
      unknown_.insert(name);
      attempt(cat("initializer ", name), [&] {
        const bool external = initializer->second->data_location() == pb::TensorProto::EXTERNAL;
        const Constant constant = take_constant(*initializer->second, folder_);
        // As much as if these bytes were in the file.
        if (external) construction_.foldable += 4 * kBytesOfAFloat * static_cast<int64_t>(constant.size());
        known_[name] = constant;
        unknown_.erase(name);
      });
      return unknown_.count(name) ? nullptr : &known_[name];
    }
    problems_.push_back(cat("'", name, "' is read, but nothing before computes it"));
    unknown_.insert(name);
    return nullptr;
  }

  /// Does `work`; what it cannot do becomes one of the problems.
  template <class Work>
  void attempt(const std::string& where, Work&& work) {
    try {
      work();
    } catch (const Error& error) {
      damaged_ = damaged_ || error.code() == ErrorCode::input;
      const std::string sentence = error.what();
      problems_.push_back(sentence.starts_with(where) ? sentence : cat(where, ": ", sentence));
    }
  }

  [[noreturn]] void report() const {
    const std::string list = join(problems_, "\n  ");
    fail(damaged_ ? ErrorCode::input : ErrorCode::unsupported, what_, ": cannot be imported:\n  ", list,
         unknown_operator_ ? "\nsupported operators: " + join(supported_operators()) : "");
  }

  Graph finish() {
    Graph graph = std::move(construction_.graph);
    const std::set<ValueId> inputs(graph.inputs.begin(), graph.inputs.end());
    for (ValueId id = 0; id < graph.values.size(); ++id) {
      if (!inputs.count(id))
        graph.values[id].shape.clear();
      else
        graph.values[id].shape[0] = 1;
    }
    for (const auto& entry : model_.metadata_props()) graph.metadata[entry.key()] = entry.value();
    graph.nodes = needed_nodes(graph);
    const std::set<size_t> turned = turned_inputs(graph);
    graph = recognise(without_unread(sink_turns(graph, construction_.turns)), turned);
    if (options_.fold_batch_norm) graph = fold_batch_norms(graph);
    verify(graph);
    return graph;
  }

  /// Inputs that a node of the file turns or reshapes; our own turns around layers of channels that come last
  /// say nothing of an input's dimensions.
  std::set<size_t> turned_inputs(const Graph& graph) const {
    std::set<size_t> turned;
    for (const Node& node : graph.nodes) {
      if (construction_.first_turns.count(node.output)) continue;
      const auto input = std::find(graph.inputs.begin(), graph.inputs.end(), node.inputs[0]);
      if (input != graph.inputs.end() &&
          (std::holds_alternative<Transpose>(node.op) || std::holds_alternative<Reshape>(node.op)))
        turned.insert(static_cast<size_t>(input - graph.inputs.begin()));
    }
    return turned;
  }

  pb::ModelProto& model_;
  const std::string& what_;
  const ImportOptions& options_;
  const std::string& folder_;
  Construction construction_;
  std::unordered_map<std::string, pb::TensorProto*> initializers_;
  std::unordered_map<std::string, Known> known_;
  std::set<std::string> unknown_;     ///< names whose makers could not be imported, reported once
  std::vector<std::string> outputs_;  ///< those that are kept
  std::set<std::string> needed_;      ///< values that these are computed from, and they themselves
  std::vector<std::string> problems_;
  bool damaged_ = false, unknown_operator_ = false;
};

}  // namespace

Graph import_bytes(ByteView bytes, const std::string& what, const ImportOptions& options,
                   const std::string& folder) {
  pb::ModelProto model = parse_model(bytes, what);
  return Importer(model, what, options, folder).run();
}

Graph import_file(const std::string& path, const ImportOptions& options) {
  pb::ModelProto model = load_model_proto(path);
  std::string folder = std::filesystem::path(path).parent_path().string();
  if (folder.empty()) folder = ".";
  return Importer(model, path, options, folder).run();
}

std::vector<std::string> supported_operators() {
  std::vector<std::string> names;
  for (const auto family : converters())
    for (const Converter& row : family) names.emplace_back(row.op);
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace netsuke::onnx
