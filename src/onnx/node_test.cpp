// ONNX's own cases for every operator that the importer claims (Debian's libonnx-testdata).
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <set>

#include "base/error.h"
#include "base/file.h"
#include "graph/evaluate.h"
#include "onnx/import.h"
#include "onnx/proto.h"

namespace netsuke::onnx {
namespace {

namespace fs = std::filesystem;
const fs::path kCases = "/usr/include/onnx/backend/test/data";
// Of one operator each, and of one layer as PyTorch exports it.
constexpr std::string_view kKinds[] = {"node", "pytorch-converted"};

fs::path folder_of(const std::string& name) {
  for (const std::string_view kind : kKinds)
    if (const fs::path folder = kCases / kind / cat("test_", name); fs::exists(folder)) return folder;
  return {};
}

/// A case is ours if it consists of these.
const std::set<std::string> kOperators = {"Abs",
                                          "Add",
                                          "AveragePool",
                                          "BatchNormalization",
                                          "Cast",
                                          "Clip",
                                          "Concat",
                                          "Constant",
                                          "Conv",
                                          "ConvTranspose",
                                          "DepthToSpace",
                                          "DequantizeLinear",
                                          "Div",
                                          "Dropout",
                                          "Flatten",
                                          "Gather",
                                          "Gemm",
                                          "GlobalAveragePool",
                                          "GlobalMaxPool",
                                          "HardSigmoid",
                                          "HardSwish",
                                          "Identity",
                                          "InstanceNormalization",
                                          "GroupNormalization",
                                          "LRN",
                                          "LayerNormalization",
                                          "LeakyRelu",
                                          "LogSoftmax",
                                          "MatMul",
                                          "MaxPool",
                                          "Mul",
                                          "PRelu",
                                          "Pad",
                                          "ReduceMean",
                                          "Relu",
                                          "Expand",
                                          "Max",
                                          "Mean",
                                          "Min",
                                          "Neg",
                                          "Pow",
                                          "ReduceMax",
                                          "ReduceSum",
                                          "Elu",
                                          "Erf",
                                          "Celu",
                                          "Mish",
                                          "Gelu",
                                          "Selu",
                                          "Softplus",
                                          "Softsign",
                                          "Reshape",
                                          "Resize",
                                          "Shape",
                                          "Sigmoid",
                                          "Slice",
                                          "Softmax",
                                          "Split",
                                          "Squeeze",
                                          "Sub",
                                          "Sum",
                                          "Tanh",
                                          "Transpose",
                                          "Unsqueeze",
                                          "Upsample"};

/// Cases that are refused, and why that is right for convolutional networks on images.
struct Skip {
  std::string_view pattern;
  std::string_view reason;
};
constexpr Skip kSkips[] = {
    {"*pool_3d_default", "pooling of volumes, not of images"},
    {"*Pool3d*", "pooling of volumes, not of images"},
    {"Conv3d*", "volumes, not images"},
    {"convtranspose_3d", "a volume, not an image"},
    {"*_dilations", "dilated windows of pools"},
    {"MaxPool*_dilation", "dilated windows of pools"},
    {"maxpool_with_argmax*", "the indices of a pool's maxima"},
    {"*training*", "training, not inference"},
    {"*_mask", "the mask of a dropout is training's"},
    {"*_mask_ratio", "the mask of a dropout is training's"},
    {"cast*STRING*", "texts"},
    {"gemm_all_attributes", "a matrix whose columns are the batch"},
    {"gemm_transposeA", "a matrix whose columns are the batch"},
    {"gemm_default_matrix_bias", "a bias of its own for every image of the batch"},
    {"identity_opt", "an optional value, not a tensor"},
    {"identity_sequence", "a sequence of tensors"},
    {"layer_normalization*", "mean and deviation beside the result"},
    {"logsoftmax_axis_0", "a softmax over the batch"},
    {"softmax_axis_0", "a softmax over the batch"},
    {"matmul_3d", "a product of two computed stacks of matrices"},
    {"matmul_4d", "a product of two computed stacks of matrices"},
    {"reduce_m*", "a mean or maximum over the batch"},
    {"reshape_allowzero_reordered", "a tensor without elements"},
    {"slice_start_out_of_bounds", "a tensor without elements"},
    {"*cubic*", "cubic interpolation"},
    {"resize_tf_crop_and_resize", "a region to be cut out"},
    {"resize_downsample_sizes_nearest_tf_half_pixel*", "a coordinate rule that opset 13 dropped"},
    {"resize_downsample_scales_*", "a scale that gives no whole number of pixels"},
    {"split_*", "pieces of a tensor without a batch"},
};

std::vector<std::string> case_names() {
  std::vector<std::string> names;
  std::error_code error;
  for (const std::string_view kind : kKinds)
    for (const auto& entry : fs::directory_iterator(kCases / kind, error)) {
      const pb::ModelProto model = load_model_proto((entry.path() / "model.onnx").string());
      bool ours = true;
      for (const auto& node : model.graph().node()) ours = ours && kOperators.count(node.op_type());
      if (ours) names.push_back(entry.path().filename().string().substr(5));
    }
  std::sort(names.begin(), names.end());
  return names;
}

/// A case's model, its inputs and the outputs that are right.
struct Case {
  explicit Case(const std::string& name) : folder(folder_of(name)) {
    model = load_model_proto((folder / "model.onnx").string());
    // Some operators have not changed since opset 1, and so have not their cases.
    auto& opset = *model.mutable_opset_import(0);
    opset.set_version(std::max(opset.version(), kLeastOpset));
    leave_out_initializers();
    for (int i = 0; i < model.graph().input_size(); ++i) inputs.push_back(tensor("input", i));
    for (int i = 0; i < model.graph().output_size(); ++i) outputs.push_back(tensor("output", i));
  }
  /// Weights that are listed among the inputs, as they had to be once.
  void leave_out_initializers() {
    std::set<std::string> weights;
    for (const auto& weight : model.graph().initializer()) weights.insert(weight.name());
    auto& all = *model.mutable_graph()->mutable_input();
    all.erase(std::remove_if(all.begin(), all.end(),
                             [&](const auto& input) { return weights.count(input.name()) != 0; }),
              all.end());
  }
  pb::TensorProto tensor(const char* kind, int i) const {
    const fs::path path = folder / "test_data_set_0" / cat(kind, "_", i, ".pb");
    const Bytes bytes = read_file(path.string());
    pb::TensorProto tensor;
    require(tensor.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())), path.string(),
            ": is no tensor");
    // numpy knows no bfloat16: the files call such tensors 16-bit integers.
    const bool is_input = std::string_view(kind) == "input";
    const auto& info = is_input ? model.graph().input(i) : model.graph().output(i);
    if (info.type().tensor_type().elem_type() == pb::TensorProto::BFLOAT16)
      tensor.set_data_type(pb::TensorProto::BFLOAT16);
    return tensor;
  }
  /// Input i with its values is part of the model.
  void fix_input(int i) {
    pb::TensorProto& constant = *model.mutable_graph()->add_initializer();
    constant = inputs[static_cast<size_t>(i)];
    constant.set_name(model.graph().input(i).name());
  }

  fs::path folder;
  pb::ModelProto model;
  std::vector<pb::TensorProto> inputs, outputs;
};

Bytes serialized(const pb::ModelProto& model) {
  Bytes bytes(model.ByteSizeLong());
  model.SerializeToArray(bytes.data(), static_cast<int>(bytes.size()));
  return bytes;
}

Tensor dense(pb::TensorProto proto) {
  const Constant constant = take_constant(proto, {});
  return Tensor(constant.shape, to_floats(constant));
}

void expect_equal(const Tensor& found, const Tensor& expected, bool half) {
  ASSERT_EQ(found.data.size(), expected.data.size());
  const float share = half ? 1e-2f : 1e-4f;
  for (size_t i = 0; i < found.data.size(); ++i) {
    if (found.data[i] == expected.data[i] || (std::isnan(found.data[i]) && std::isnan(expected.data[i])))
      continue;
    ASSERT_NEAR(found.data[i], expected.data[i], share * std::abs(expected.data[i]) + 1e-5f)
        << "element " << i;
  }
}

bool is_half(const Case& c) {
  for (const auto* tensors : {&c.inputs, &c.outputs})
    for (const auto& tensor : *tensors)
      if (tensor.data_type() == pb::TensorProto::FLOAT16 || tensor.data_type() == pb::TensorProto::BFLOAT16)
        return true;
  return false;
}

/// The first `flowing` inputs are the network's, all others constants.
void run_as_network(Case c, int flowing) {
  for (int i = flowing; i < c.model.graph().input_size(); ++i) c.fix_input(i);
  // What operators do to integers they do to floats of the same values, division aside.
  for (int i = 0; i < flowing; ++i) {
    auto* type = c.model.mutable_graph()->mutable_input(i)->mutable_type()->mutable_tensor_type();
    const bool rounds = c.model.graph().node(0).op_type() == "Div";
    if (!rounds) type->set_elem_type(pb::TensorProto::FLOAT);
  }
  const Graph graph = import_bytes(serialized(c.model), c.folder.filename().string());
  std::vector<Tensor> inputs;
  for (int i = 0; i < flowing; ++i) inputs.push_back(dense(c.inputs[static_cast<size_t>(i)]));
  const std::vector<Tensor> outputs = evaluate(graph, inputs);
  ASSERT_EQ(outputs.size(), c.outputs.size());
  for (size_t j = 0; j < outputs.size(); ++j) {
    const Tensor expected = dense(c.outputs[j]);
    EXPECT_EQ(outputs[j].shape, expected.shape);
    expect_equal(outputs[j], expected, is_half(c));
  }
}

/// All inputs are constants; the result is made visible by adding it to an input of zeros.
void run_folded(Case c) {
  for (int i = 0; i < c.model.graph().input_size(); ++i) c.fix_input(i);
  pb::GraphProto& graph = *c.model.mutable_graph();
  graph.clear_input();
  const std::string result = graph.output(0).name();
  graph.clear_output();
  const Tensor expected = dense(c.outputs.at(0));
  auto& input = *graph.add_input();
  input.set_name("zeros");
  auto* type = input.mutable_type()->mutable_tensor_type();
  type->set_elem_type(pb::TensorProto::FLOAT);
  Shape shape = expected.shape;
  shape.insert(shape.begin(), 1);
  for (int64_t d : shape) type->mutable_shape()->add_dim()->set_dim_value(d);
  auto& sum = *graph.add_node();
  sum.set_op_type("Add");
  sum.add_input("zeros"), sum.add_input(result), sum.add_output("sum");
  graph.add_output()->set_name("sum");
  const Graph imported = import_bytes(serialized(c.model), c.folder.filename().string());
  expect_equal(evaluate(imported, {Tensor(shape)}).at(0), expected, is_half(c));
}

/// The reason for which nothing of it can be imported, or empty if a way was found, which then gave the right
/// result.
std::string refusal(const std::string& name) {
  const Case c(name);
  std::string reasons;
  const auto attempt = [&](auto&& way) {
    try {
      way();
      return true;
    } catch (const Error& error) {
      reasons += cat(error.what(), '\n');
      return false;
    }
  };
  bool done = false;
  const int inputs = c.model.graph().input_size();
  for (int flowing : std::set<int>{1, inputs})
    if (flowing >= 1 && flowing <= inputs) done = attempt([&] { run_as_network(c, flowing); }) || done;
  if (!done) done = attempt([&] { run_folded(c); });
  return done ? "" : reasons;
}

class NodeCase : public testing::TestWithParam<std::string> {};

TEST_P(NodeCase, gives_what_onnx_says) {
  const std::string reason = refusal(GetParam());
  if (testing::Test::HasFailure()) return;
  for (const Skip& skip : kSkips)
    if (matches(skip.pattern, GetParam()) && !reason.empty()) GTEST_SKIP() << skip.reason;
  EXPECT_EQ(reason, "");
}

INSTANTIATE_TEST_SUITE_P(Onnx, NodeCase, testing::ValuesIn(case_names()),
                         [](const auto& info) { return info.param; });
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(NodeCase);

TEST(NodeCases, are_skipped_only_where_they_must_be) {
  const std::vector<std::string> names = case_names();
  for (const Skip& skip : kSkips)
    EXPECT_TRUE(names.empty() || std::any_of(names.begin(), names.end(),
                                             [&](const std::string& name) {
                                               return matches(skip.pattern, name) && !refusal(name).empty();
                                             }))
        << skip.pattern << " is refused no more";
}

TEST(NodeCases, are_installed) {
  if (!fs::exists(kCases)) GTEST_SKIP() << kCases << " is missing: apt-get install libonnx-testdata";
  EXPECT_GT(case_names().size(), 250u);
}

}  // namespace
}  // namespace netsuke::onnx
