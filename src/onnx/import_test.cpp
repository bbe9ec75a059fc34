#include "onnx/import.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <filesystem>

#include "base/error.h"
#include "base/file.h"
#include "graph/evaluate.h"
#include "graph/text.h"
#include "onnx/export.h"
#include "onnx/test_model.h"

namespace netsuke::onnx {
namespace {

using testing::AllOf;
using testing::HasSubstr;

TEST(Import, lists_all_problems_of_a_file_at_once) {
  Model model;
  model.input("x", {1, 3, 8, 8})
      .with("Einsum", {"x"}, "a")
      .with("Relu", {"a"}, "b")
      .with("Det", {"x"}, "c")
      .with("Add", {"b", "c"}, "d");
  set_ints(model.node("MaxPool", {"x"}, "e"), "kernel_shape", {2, 2, 2});
  model.output("d").output("e");
  const std::string error = model.error();
  EXPECT_THAT(error, AllOf(HasSubstr("test.onnx"), HasSubstr("node a (Einsum)"), HasSubstr("node c (Det)"),
                           HasSubstr("node e (MaxPool): kernel_shape has 3 entries, expected 2")));
  EXPECT_THAT(error, testing::Not(HasSubstr("node b")))
      << "what only reads what failed is no problem of its own";
}

TEST(Import, names_an_attribute_that_it_does_not_know) {
  Model model;
  set_ints(model.input("x", {1, 2}).output("y").node("Relu", {"x"}, "y"), "axes_of_evil", {1});
  EXPECT_THAT(model.error(), HasSubstr("attribute axes_of_evil is not supported"));
}

TEST(Import, refuses_other_opsets_and_says_which_are_known) {
  EXPECT_THAT(Model(99).input("x", {1, 2}).with("Relu", {"x"}, "y").output("y").error(),
              AllOf(HasSubstr("opset 99"), HasSubstr("7 to 24")));
}

TEST(Import, open_sizes_are_asked_for) {
  Model model;
  model.input("x", {0, 3, 0, 0}).with("GlobalAveragePool", {"x"}, "y").output("y");
  EXPECT_THAT(model.error(), HasSubstr("--input 3x224x224"));
  const Graph graph = model.import({.input = Shape{3, 10, 12}});
  EXPECT_EQ(graph.values[graph.inputs[0]].shape, (Shape{1, 3, 10, 12}));
}

TEST(Import, follows_the_shapes_that_exporters_compute) {
  // x.view(x.size(0), -1) as PyTorch writes it.
  Model model;
  model.input("x", {0, 2, 3, 3}).ints("zero", {0}).ints("rest", {-1});
  model.with("Shape", {"x"}, "shape").with("Gather", {"shape", "zero"}, "batch");
  model.with("Concat", {"batch", "rest"}, "target").with("Reshape", {"x", "target"}, "y").output("y");
  EXPECT_EQ(ops_of(model.import()), (std::vector<std::string>{"flatten"}));
}

TEST(Import, takes_evenly_spaced_elements_by_number) {
  // x[:, -1] as Inception's exports begin with, and x[:, [0, 2]].
  Model one;
  one.input("x", {0, 3, 2});
  auto& axis = *one.node("Gather", {"x", "number"}, "y").add_attribute();
  axis.set_name("axis"), axis.set_type(pb::AttributeProto::INT), axis.set_i(1);
  one.initializer("number", {}, pb::TensorProto::INT64).add_int64_data(-1);
  const Tensor x({1, 3, 2}, {0, 1, 2, 3, 4, 5});
  const Tensor last = evaluate(one.output("y").import(), {x})[0];
  EXPECT_EQ(last, Tensor({1, 2}, {4, 5}));

  const auto listed = [&](const std::vector<int64_t>& numbers) {
    Model model;
    model.input("x", {0, 3, 2}).ints("numbers", numbers);
    auto& along = *model.node("Gather", {"x", "numbers"}, "y").add_attribute();
    along.set_name("axis"), along.set_type(pb::AttributeProto::INT), along.set_i(1);
    return model.output("y");
  };
  EXPECT_EQ(evaluate(listed({0, 2}).import(), {x})[0], Tensor({1, 2, 2}, {0, 1, 4, 5}));
  EXPECT_THAT(listed({0, 2, 1}).error(), HasSubstr("not evenly spaced"));
  EXPECT_THAT(listed({3}).error(), HasSubstr("index 3 of 3"));
}

TEST(Import, computes_no_more_constants_than_the_file_warrants) {
  Model model;
  model.input("x", {0, 2}).ints("shape", {20'000, 20'000}).with("ConstantOfShape", {"shape"}, "zeros");
  model.with("Add", {"x", "zeros"}, "y").output("y");
  EXPECT_THAT(model.error(), HasSubstr("computes more constants"));
}

TEST(Import, integers_are_exact_or_refused) {
  Model model;
  model.input("x", {0, 2}).ints("a", {(int64_t{1} << 53) + 1}).ints("b", {0}).with("Add", {"a", "b"}, "c");
  model.with("Add", {"a", "c"}, "d").with("Reshape", {"x", "d"}, "y").output("y");
  EXPECT_THAT(model.error(), HasSubstr("2^53"));
}

TEST(Import, recognises_a_channel_shuffle) {
  Model model;
  model.input("x", {0, 6, 2, 2}).ints("apart", {0, 3, 2, 2, 2}).ints("back", {0, 6, 2, 2});
  model.with("Reshape", {"x", "apart"}, "a");
  set_ints(model.node("Transpose", {"a"}, "b"), "perm", {0, 2, 1, 3, 4});
  model.with("Reshape", {"b", "back"}, "y").output("y");
  const Graph graph = model.import();
  ASSERT_EQ(ops_of(graph), (std::vector<std::string>{"channel_shuffle"}));
  EXPECT_EQ(std::get<ChannelShuffle>(graph.nodes[0].op).groups, 3);
}

TEST(Import, recognises_a_hard_swish_however_it_is_written) {
  for (const bool divide_last : {true, false}) {
    Model model;
    model.input("x", {0, 4}).floats("three", {}, {3}).floats("zero", {}, {0}).floats("six", {}, {6});
    model.with("Add", {"x", "three"}, "a").with("Clip", {"a", "zero", "six"}, "b");
    if (divide_last)
      model.with("Mul", {"x", "b"}, "c").with("Div", {"c", "six"}, "y");
    else
      model.with("Div", {"b", "six"}, "c").with("Mul", {"x", "c"}, "y");
    EXPECT_EQ(ops_of(model.output("y").import()), (std::vector<std::string>{"hard_swish"}));
  }
}

TEST(Import, a_product_and_a_sum_are_a_linear_layer) {
  Model model;
  model.input("x", {0, 2}).floats("fc.w", {2, 3}, {1, 2, 3, 4, 5, 6}).floats("b", {3}, {10, 20, 30});
  model.with("MatMul", {"x", "fc.w"}, "p").with("Add", {"p", "b"}, "y").output("y");
  const Graph graph = model.import();
  ASSERT_EQ(ops_of(graph), (std::vector<std::string>{"linear"}));
  EXPECT_EQ(evaluate(graph, {Tensor({1, 2}, {1, 1})})[0].data, (std::vector<float>{15, 27, 39}));
}

/// A batch norm behind, or in front of, a 3x3 convolution.
Model with_norm(bool in_front, int64_t pad) {
  Model model;
  std::vector<float> weight(3 * 2 * 9);
  for (size_t i = 0; i < weight.size(); ++i) weight[i] = static_cast<float>(i % 7) - 3;
  const int64_t channels = in_front ? 2 : 3;
  const auto vector = [&](float a) { return std::vector<float>(static_cast<size_t>(channels), a); };
  model.input("x", {0, 2, 5, 5}).floats("c.weight", {3, 2, 3, 3}, weight);
  model.floats("s", {channels}, vector(1.5f))
      .floats("o", {channels}, vector(0.5f))
      .floats("m", {channels}, vector(-2))
      .floats("v", {channels}, vector(4));
  if (in_front) model.with("BatchNormalization", {"x", "s", "o", "m", "v"}, "n");
  set_ints(model.node("Conv", {in_front ? "n" : "x", "c.weight"}, in_front ? "y" : "c"), "pads",
           {pad, pad, pad, pad});
  if (!in_front) model.with("BatchNormalization", {"c", "s", "o", "m", "v"}, "y");
  return model.output("y");
}

TEST(Import, folds_batch_norm_where_that_is_exact) {
  Tensor x({1, 2, 5, 5});
  for (size_t i = 0; i < x.size(); ++i) x.data[i] = static_cast<float>(i % 11) / 11;
  for (const bool in_front : {false, true})
    for (const int64_t pad : {0, 1}) {
      const Graph folded = with_norm(in_front, pad).import(),
                  whole = with_norm(in_front, pad).import({.input = {}, .fold_batch_norm = false});
      EXPECT_EQ(whole.nodes.size(), 2u);
      EXPECT_EQ(folded.nodes.size(), in_front && pad > 0 ? 2u : 1u) << in_front << pad;
      const Tensor a = evaluate(folded, {x})[0], b = evaluate(whole, {x})[0];
      for (size_t i = 0; i < a.size(); ++i) EXPECT_NEAR(a.data[i], b.data[i], 1e-4f);
    }
}

TEST(Import, what_no_output_needs_is_not_looked_at) {
  Model model;
  model.input("x", {1, 3, 8, 8}).input("unread", {1, 7});
  model.with("NonZero", {"x"}, "dead").with("Einsum", {"dead"}, "dead2");
  auto& dropout = model.node("Dropout", {"x"}, "d");
  dropout.add_output("mask");
  auto& pool = model.with("Clip", {"d", "", "six"}, "c").floats("six", {}, {6}).node("MaxPool", {"c"}, "p");
  set_ints(pool, "kernel_shape", {2, 2});
  pool.add_output("");
  const Graph graph = model.with("Relu", {"p"}, "y").output("y").import();
  EXPECT_EQ(graph.inputs.size(), 1u);
  EXPECT_EQ(ops_of(graph), (std::vector<std::string>{"dropout", "clip", "max_pool", "relu"}));
}

TEST(Import, a_batch_norm_that_also_gives_statistics_is_in_training) {
  const auto model = [](int64_t opset) {
    Model m(opset);
    m.input("x", {1, 2, 2, 2});
    for (const char* name : {"s", "o", "m", "v"}) m.floats(name, {2}, {1, 1});
    m.node("BatchNormalization", {"x", "s", "o", "m", "v"}, "y").add_output("mean");
    return m.output("y");
  };
  EXPECT_THAT(model(9).error(), HasSubstr("training"));
  EXPECT_EQ(model(15).error(), "no error");
}

TEST(Export, outputs_have_the_names_that_are_asked_for_and_nodes_their_own) {
  Model model;
  model.input("x", {0, 2}).floats("fc.weight", {2, 2}, {1, 2, 3, 4});
  model.with("MatMul", {"x", "fc.weight"}, "m").with("Relu", {"m"}, "r").output("m").output("x").output("r");
  const Graph graph = model.import();
  std::vector<std::string> names;
  const auto again = [&](std::vector<std::string> wanted) {
    const Bytes bytes = export_model(graph, {.output_names = std::move(wanted)});
    return import_bytes(bytes, "again", {.output_names = &names});
  };
  const Graph renamed = again({"logits", "copy", "x"});
  EXPECT_EQ(names, (std::vector<std::string>{"logits", "copy", node_name(graph, graph.nodes[1])}))
      << "the input has the third name already";
  EXPECT_EQ(node_name(renamed, renamed.nodes[0]), "fc");
  EXPECT_EQ(renamed.values[renamed.inputs[0]].name, "x");
  const Tensor in({1, 2}, {1, -1});
  EXPECT_EQ(evaluate(renamed, {in})[0].data, evaluate(graph, {in})[0].data);
  EXPECT_EQ(evaluate(renamed, {in})[1].data, in.data);
}

TEST(Import, keeps_one_of_several_outputs) {
  Model model;
  model.input("x", {1, 4}).with("Relu", {"x"}, "a").with("Sigmoid", {"x"}, "b").output("a").output("b");
  EXPECT_EQ(model.import().outputs.size(), 2u);
  std::vector<std::string> names;
  const Graph graph = model.import({.output = "b", .output_names = &names});
  EXPECT_EQ(ops_of(graph), std::vector<std::string>{"sigmoid"});
  EXPECT_EQ(names, std::vector<std::string>{"b"});
  EXPECT_THAT(model.error({.output = "c"}), AllOf(HasSubstr("--take"), HasSubstr("'c'"), HasSubstr("a, b")));
}

TEST(Import, images_with_channels_last_are_taken_channels_first) {
  Model model;
  model.input("x", {0, 4, 5, 3});
  set_ints(model.node("Transpose", {"x"}, "t"), "perm", {0, 3, 1, 2});
  const Graph graph = model.with("Relu", {"t"}, "y").output("y").import();
  EXPECT_EQ(ops_of(graph), std::vector<std::string>{"relu"});
  EXPECT_EQ(graph.values[graph.inputs[0]].shape, (Shape{1, 3, 4, 5}));

  Model layers;  // behind the turn
  layers.input("x", {0, 1, 2, 2}).floats("two", {}, {2});
  set_ints(layers.node("Transpose", {"x"}, "t"), "perm", {0, 3, 1, 2});
  layers.with("Mul", {"t", "two"}, "m").with("Sub", {"m", "two"}, "s").with("Relu", {"s"}, "y").output("y");
  const Tensor in({1, 2, 1, 2}, {1, 2, 3, 0});
  EXPECT_EQ(evaluate(layers.import(), {in})[0].data, (std::vector<float>{0, 2, 4, 0}));

  Model open;
  open.input("x", {0, 0, 0, 3});
  set_ints(open.node("Transpose", {"x"}, "t"), "perm", {0, 3, 1, 2});
  const Graph sized = open.with("Relu", {"t"}, "y").output("y").import({.input = Shape{3, 4, 5}});
  EXPECT_EQ(sized.values[sized.inputs[0]].shape, (Shape{1, 3, 4, 5}));

  Model gray;
  gray.input("x", {0, 4, 5, 1}).ints("shape", {-1, 1, 4, 5}).with("Reshape", {"x", "shape"}, "t");
  EXPECT_EQ(ops_of(gray.with("Relu", {"t"}, "y").output("y").import()), std::vector<std::string>{"relu"});

  Model narrow;  // channels first, of images one pixel wide
  narrow.input("x", {0, 4, 5, 1}).with("Flatten", {"x"}, "y").output("y");
  EXPECT_EQ(narrow.import().values[narrow.import().inputs[0]].shape, (Shape{1, 4, 5, 1}));

  Model widths;  // a layer of the last dimension turns it too, but in an image of channels first
  widths.input("x", {0, 3, 4, 2}).floats("w", {2, 2}, {1, 2, 3, 4}).with("MatMul", {"x", "w"}, "t");
  const Graph kept = widths.with("Relu", {"t"}, "y").output("y").import();
  EXPECT_EQ(kept.values[kept.inputs[0]].shape, (Shape{1, 3, 4, 2}));

  Model both;  // the channels are last for a reader beside the turn
  both.input("x", {0, 4, 5, 3});
  set_ints(both.node("Transpose", {"x"}, "t"), "perm", {0, 3, 1, 2});
  both.with("Relu", {"t"}, "y").with("Relu", {"x"}, "z").output("y").output("z");
  EXPECT_EQ(both.import().values[both.import().inputs[0]].shape, (Shape{1, 4, 5, 3}));
}

/// What one node gives for x, an input of this shape that holds 1, -2, 3, -4, ..., and other constants.
std::vector<float> answer(Model& model, const Shape& shape) {
  Tensor x(shape);
  for (size_t i = 0; i < x.size(); ++i) x.data[i] = static_cast<float>(i + 1) * (i % 2 == 0 ? 1.0f : -1.0f);
  return evaluate(model.input("x", shape).output("y").import(), {x})[0].data;
}

TEST(Import, pads_channels_and_repeats_what_is_one) {
  Model pads;
  pads.ints("pads", {0, 1, 0, 0, 0, 2, 0, 0}).with("Pad", {"x", "pads"}, "y");
  EXPECT_EQ(answer(pads, {1, 1, 1, 2}), (std::vector<float>{0, 0, 1, -2, 0, 0, 0, 0}));
  Model expand;
  expand.ints("shape", {1, 2, 2, 2}).with("Expand", {"x", "shape"}, "y");
  EXPECT_EQ(answer(expand, {1, 2, 1, 1}), (std::vector<float>{1, 1, 1, 1, -2, -2, -2, -2}));
}

TEST(Import, reduces_space_and_channels) {
  const auto reduced = [](const char* op, const std::vector<int64_t>& axes, int64_t keep,
                          const Shape& shape) {
    Model model(13);
    auto& node = model.node(op, {"x"}, "y");
    if (std::string_view(op) == "ReduceSum")
      model.ints("axes", axes), node.add_input("axes");
    else
      set_ints(node, "axes", axes);
    auto& attribute = *node.add_attribute();
    attribute.set_name("keepdims"), attribute.set_type(pb::AttributeProto::INT), attribute.set_i(keep);
    return answer(model, shape);
  };
  const Shape image{1, 2, 2, 2};  // 1 -2 3 -4, 5 -6 7 -8
  using Values = std::vector<float>;
  EXPECT_EQ(reduced("ReduceMean", {3}, 0, image), (Values{-0.5f, -0.5f, -0.5f, -0.5f}));
  EXPECT_EQ(reduced("ReduceMean", {2}, 1, image), (Values{2, -3, 6, -7}));
  EXPECT_EQ(reduced("ReduceMean", {2}, 0, {1, 2, 4}), (Values{-0.5f, -0.5f}));
  EXPECT_EQ(reduced("ReduceMax", {2, 3}, 0, image), (Values{3, 7}));
  EXPECT_EQ(reduced("ReduceMax", {1}, 1, image), (Values{5, -2, 7, -4}));
  EXPECT_EQ(reduced("ReduceSum", {2, 3}, 1, image), (Values{-2, -2}));
}

// Weight normalisation (Salimans 2016) and standardisation as PyTorch exports them, unfolded.
TEST(Import, folds_what_weights_are_made_of) {
  Model model;
  model.floats("v", {2, 2}, {3, 4, 6, 8}).floats("g", {2, 1}, {10, 5});
  set_ints(model.node("ReduceL2", {"v"}, "norm"), "axes", {1});
  set_ints(model.node("ReduceMean", {"v"}, "mean"), "axes", {0, 1});
  model.with("Div", {"v", "norm"}, "d").with("Mul", {"d", "g"}, "w").with("Sub", {"w", "mean"}, "c");
  model.with("Gemm", {"x", "c"}, "y");
  // rows 6 8 and 3 4, less 5.25; x = 1, -2
  EXPECT_EQ(answer(model, {1, 2}), (std::vector<float>{0.75f + 4.5f, 2.75f + 2.5f}));
}

TEST(Import, limits_by_numbers_and_by_what_flows) {
  Model largest;
  largest.floats("zero", {}, {0}).with("Max", {"x", "zero"}, "y");
  EXPECT_EQ(answer(largest, {1, 4}), (std::vector<float>{1, 0, 3, 0}));
  Model smallest;
  smallest.with("Neg", {"x"}, "n").with("Min", {"x", "n"}, "y");
  EXPECT_EQ(answer(smallest, {1, 4}), (std::vector<float>{-1, -2, -3, -4}));
  Model far;  // apart by more than a float's digits
  far.floats("big", {}, {1e9f}).with("Sub", {"x", "big"}, "low").with("Max", {"x", "low"}, "y");
  EXPECT_EQ(answer(far, {1, 1, 2, 2}), (std::vector<float>{1, -2, 3, -4}));
  Model mean;
  mean.with("Neg", {"x"}, "n")
      .with("Mean", {"x", "n"}, "m")
      .with("Pow", {"x", "two"}, "p")
      .floats("two", {}, {2});
  EXPECT_EQ(answer(mean.with("Add", {"m", "p"}, "y"), {1, 4}), (std::vector<float>{1, 4, 9, 16}));
}

TEST(Import, layers_have_the_names_of_their_weights) {
  EXPECT_EQ(node_name(with_norm(true, 1).import(), with_norm(true, 1).import().nodes[0]), "n");
  const Graph graph = with_norm(false, 0).import();
  EXPECT_NE(graph.values[graph.nodes[0].inputs[1]].weight, nullptr);
}

TEST(Import, reads_half_floats_and_integers_of_every_width) {
  Model model;
  model.input("x", {0, 3});
  const uint16_t halves[] = {0x3c00, 0xc000, 0x0001};  // 1, -2, the smallest positive number
  model.initializer("h", {3}, pb::TensorProto::FLOAT16).set_raw_data(halves, sizeof halves);
  model.with("Add", {"x", "h"}, "y").output("y");
  EXPECT_EQ(evaluate(model.import(), {Tensor({1, 3})})[0].data, (std::vector<float>{1, -2, 0x1p-24f}));
}

TEST(Import, refuses_data_that_do_not_fill_their_shape) {
  Model model;
  model.input("x", {0, 3}).floats("w", {1'000'000, 1'000}, {1, 2}).with("Add", {"x", "w"}, "y").output("y");
  EXPECT_THAT(model.error(), AllOf(HasSubstr("tensor w"), HasSubstr("2 values"), HasSubstr("1000000000")));
}

class ExternalData : public testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directories(folder_);
    write_file(folder_ + "/weights.bin", ByteView(reinterpret_cast<const uint8_t*>(values_), sizeof values_));
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::string import_with(const std::string& location, const char* length) {
    Model model;
    model.input("x", {0, 2});
    auto& tensor = model.initializer("w", {2}, pb::TensorProto::FLOAT);
    tensor.set_data_location(pb::TensorProto::EXTERNAL);
    const std::pair<const char*, std::string> entries[] = {
        {"location", location}, {"offset", "4"}, {"length", length}};
    for (const auto& [key, value] : entries) {
      auto& entry = *tensor.add_external_data();
      entry.set_key(key), entry.set_value(value);
    }
    write_file(folder_ + "/model.onnx", model.with("Add", {"x", "w"}, "y").output("y").bytes());
    try {
      return cat(evaluate(import_file(folder_ + "/model.onnx"), {Tensor({1, 2})})[0].data[1]);
    } catch (const Error& error) {
      return error.what();
    }
  }
  const std::string folder_ = testing::TempDir() + "/netsuke_external_data";
  const float values_[3] = {1, 2, 3};
};

TEST_F(ExternalData, is_read_from_beside_the_model_only) {
  EXPECT_EQ(import_with("weights.bin", "8"), "3");
  EXPECT_THAT(import_with("weights.bin", "80"), HasSubstr("80 bytes from byte 4"));
  EXPECT_THAT(import_with("missing.bin", "8"), HasSubstr("cannot be opened"));
  EXPECT_THAT(import_with("../netsuke_external_data/weights.bin", "8"),
              HasSubstr("expected a file below the model's folder"));
  EXPECT_THAT(import_with("/etc/passwd", "8"), HasSubstr("expected a file below the model's folder"));
}

// Constants of a file that nobody checked.
TEST(Import, moves_constants_as_onnx_says_or_refuses) {
  Model turned;
  turned.floats("c", {2, 3}, {1, 2, 3, 4, 5, 6});
  set_ints(turned.node("Transpose", {"c"}, "t"), "perm", {-1, 0});
  turned.ints("list", {6}).with("Reshape", {"t", "list"}, "r").with("Add", {"x", "r"}, "y");
  EXPECT_EQ(answer(turned, {1, 6}), (std::vector<float>{2, 2, 5, 1, 8, 0}));

  Model twice;
  twice.input("x", {1, 2}).floats("c", {10}, std::vector<float>(10, 1));
  twice.ints("starts", {0, 5}).ints("ends", {2, 10}).ints("axes", {0, 0});
  twice.with("Slice", {"c", "starts", "ends", "axes"}, "s").with("Add", {"x", "s"}, "y").output("y");
  EXPECT_THAT(twice.error(), HasSubstr("names axis 0 twice"));

  Model truth;
  auto& cast = truth.floats("c", {4}, {0.5f, 0, 2, -0.3f}).node("Cast", {"c"}, "b");
  auto& to = *cast.add_attribute();
  to.set_name("to"), to.set_type(pb::AttributeProto::INT), to.set_i(pb::TensorProto::BOOL);
  truth.floats("one", {}, {1}).floats("none", {}, {0}).with("Where", {"b", "one", "none"}, "w");
  EXPECT_EQ(answer(truth.with("Mul", {"x", "w"}, "y"), {1, 4}), (std::vector<float>{1, 0, 3, -4}));

  Model whole;
  whole.ints("c", {16'777'216, 1}).with("ReduceSum", {"c"}, "s");
  auto& as_float = whole.ints("less", {16'777'210}).with("Sub", {"s", "less"}, "d").node("Cast", {"d"}, "f");
  auto& type = *as_float.add_attribute();
  type.set_name("to"), type.set_type(pb::AttributeProto::INT), type.set_i(pb::TensorProto::FLOAT);
  EXPECT_EQ(answer(whole.with("Mul", {"x", "f"}, "y"), {1, 1}), (std::vector<float>{7}));
}

TEST(Import, chooses_numbers_that_are_far_apart) {
  Model model;
  model.floats("zero", {}, {0}).floats("yes", {}, {1}).floats("no", {}, {-1e10f});
  model.with("GreaterOrEqual", {"x", "zero"}, "c").with("Where", {"c", "yes", "no"}, "y");
  EXPECT_EQ(answer(model, {1, 2}), (std::vector<float>{1, -1e10f}));
}

TEST(Import, joins_and_adds_as_many_as_there_are) {
  Model joined;
  auto& concat = joined.node("Concat", std::vector<std::string>(130, "x"), "y");
  auto& axis = *concat.add_attribute();
  axis.set_name("axis"), axis.set_type(pb::AttributeProto::INT), axis.set_i(1);
  const std::vector<float> values = answer(joined, {1, 2});
  ASSERT_EQ(values.size(), 260u);
  for (size_t i = 0; i < values.size(); ++i) EXPECT_EQ(values[i], i % 2 ? -2 : 1);

  Model sum;
  sum.floats("a", {2}, {10, 20}).floats("b", {2}, {1, 2}).with("Sum", {"a", "b", "x"}, "y");
  EXPECT_EQ(answer(sum, {1, 2}), (std::vector<float>{12, 20}));
}

TEST(Import, shortens_names_that_no_file_of_ours_could_keep) {
  Model model;
  const std::string name(300, 'n');
  model.input("x", {1, 2}).with("Relu", {"x"}, name).with("Relu", {name}, name + "2").output(name + "2");
  for (const Value& value : model.import().values) EXPECT_LE(value.name.size(), 255u);
}

TEST(Export, gives_each_output_a_name_of_its_own) {
  Model model;
  model.input("x", {1, 2}).with("Relu", {"x"}, "y").with("Identity", {"y"}, "z").output("y").output("z");
  const Graph graph = import_bytes(export_model(model.import()), "again.onnx");
  ASSERT_EQ(graph.outputs.size(), 2u);
  std::vector<std::string> names;
  import_bytes(export_model(model.import()), "again.onnx", {.output_names = &names});
  EXPECT_NE(names[0], names[1]);
}

TEST(Import, what_is_no_model_is_refused) {
  for (const char* text : {"", "not a model", "\x08\x07"})
    EXPECT_THROW(import_bytes({reinterpret_cast<const uint8_t*>(text), std::strlen(text)}, "x.onnx"), Error);
}

}  // namespace
}  // namespace netsuke::onnx
