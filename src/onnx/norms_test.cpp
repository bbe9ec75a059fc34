// Norms as exporters write them, and layers that have their channels last.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "graph/evaluate.h"
#include "graph/text.h"
#include "onnx/export.h"
#include "onnx/test_model.h"

namespace netsuke::onnx {
namespace {

using testing::HasSubstr;

/// As PyTorch writes a group norm: its groups are the channels of an instance norm.
Model group_norm_in_parts(const std::vector<int64_t>& groups) {
  Model m;
  m.input("x", {1, 4, 1, 2}).ints("apart", groups).ints("together", {0, 4, 1, 2});
  const auto all = [&](float value) { return std::vector<float>(static_cast<size_t>(groups[1]), value); };
  m.floats("ones", {groups[1]}, all(1)).floats("zeros", {groups[1]}, all(0));
  m.floats("scale", {4, 1, 1}, {1, 2, 1, 3}).floats("bias", {4, 1, 1}, {0, 0.5f, 0, 7});
  m.with("Reshape", {"x", "apart"}, "r").with("InstanceNormalization", {"r", "ones", "zeros"}, "n");
  m.with("Reshape", {"n", "together"}, "t").with("Mul", {"t", "scale"}, "s").with("Add", {"s", "bias"}, "y");
  m.output("y");
  return m;
}

TEST(Import, recognises_a_group_norm) {
  const Graph graph = group_norm_in_parts({0, 2, -1}).import();
  ASSERT_EQ(ops_of(graph), std::vector<std::string>{"group_norm"});
  EXPECT_EQ(std::get<GroupNorm>(graph.nodes[0].op).groups, 2);
  const Tensor x({1, 4, 1, 2}, {1, 3, 1, 3, 10, 10, 30, 30});
  const std::vector<float> y = evaluate(graph, {x})[0].data, expected{-1, 1, -1.5f, 2.5f, -1, -1, 10, 10};
  for (size_t i = 0; i < y.size(); ++i) EXPECT_NEAR(y[i], expected[i], 1e-4) << i;
}

TEST(Import, a_norm_of_other_values_than_groups_of_channels_stays_as_it_is) {
  const Graph graph = group_norm_in_parts({0, 8, -1}).import({});  // more of them than channels
  EXPECT_EQ(ops_of(graph).front(), "reshape");
}

TEST(Import, an_instance_norm_has_a_factor_for_each_channel) {
  Model m;
  m.input("x", {1, 4, 1, 2}).floats("scale", {2}, {1, 1}).floats("bias", {2}, {0, 0});
  m.with("InstanceNormalization", {"x", "scale", "bias"}, "y").output("y");
  EXPECT_THAT(m.error(), HasSubstr("scale has 2 numbers, expected one for each of 4 channels"));
}

TEST(Import, a_group_norm_of_no_groups_is_refused) {
  Model m(18);
  m.input("x", {1, 4, 1, 2}).floats("scale", {4}, {1, 1, 1, 1}).floats("bias", {4}, {0, 0, 0, 0}).output("y");
  auto& groups = *m.node("GroupNormalization", {"x", "scale", "bias"}, "y").add_attribute();
  groups.set_name("num_groups"), groups.set_type(pb::AttributeProto::INT), groups.set_i(0);
  EXPECT_THAT(m.error(), HasSubstr("0 groups do not divide 4 channels"));
}

TEST(Import, factors_of_a_group_norm_may_be_one_a_group) {
  for (const int64_t numbers : {2, 4}) {  // as in opset 18, as in opset 21
    Model m(18);
    m.input("x", {1, 4, 1, 2});
    const auto all = [numbers](float value) {
      return std::vector<float>(static_cast<size_t>(numbers), value);
    };
    m.floats("scale", {numbers}, all(2)).floats("bias", {numbers}, all(1)).output("y");
    auto& groups = *m.node("GroupNormalization", {"x", "scale", "bias"}, "y").add_attribute();
    groups.set_name("num_groups"), groups.set_type(pb::AttributeProto::INT), groups.set_i(2);
    const Graph graph = m.import();
    EXPECT_EQ(std::get<GroupNorm>(graph.nodes[0].op).groups, 2);
    const Tensor x({1, 4, 1, 2}, {1, 3, 1, 3, 4, 4, 8, 8});
    EXPECT_NEAR(evaluate(graph, {x})[0].data[7], 3, 1e-4);
  }
}

/// A block of ConvNeXt: LayerNormalization, two products and what lies between see the channels last.
Model convnext_block() {
  Model m(17);
  m.input("x", {1, 3, 2, 2}).floats("scale", {3}, {1, 2, -1}).floats("shift", {3}, {0, 0.5f, 1});
  m.floats("wide", {3, 4}, {1, 0, 2, 1, 0, 1, -1, 1, 1, 1, 0, -2}).floats("bias", {4}, {0, 1, -1, 0.5f});
  m.floats("narrow", {4, 3}, {1, 0, 0, 0, 1, 0, 0, 0, 1, 1, 1, 1}).floats("gamma", {3}, {0.5f, 2, 1});
  set_ints(m.node("Transpose", {"x"}, "last"), "perm", {0, 2, 3, 1});
  m.with("LayerNormalization", {"last", "scale", "shift"}, "normal")
      .with("MatMul", {"normal", "wide"}, "product");
  m.with("Add", {"bias", "product"}, "sum")
      .with("Relu", {"sum"}, "relu")
      .with("Mul", {"relu", "sum"}, "gated");
  m.with("MatMul", {"gated", "narrow"}, "back").with("Mul", {"back", "gamma"}, "scaled");
  set_ints(m.node("Transpose", {"scaled"}, "first"), "perm", {0, 3, 1, 2});
  m.with("Add", {"first", "x"}, "y").output("y");
  return m;
}

TEST(Import, layers_of_channels_last_become_channels_first) {
  const Graph graph = convnext_block().import();
  EXPECT_EQ(ops_of(graph),
            (std::vector<std::string>{"layer_norm", "conv2d", "relu", "mul", "conv2d", "mul", "add"}));
  const Tensor x({1, 3, 2, 2}, {1, 2, 3, 4, 0, -1, 2, 5, 4, 4, 4, 0});
  const std::vector<float> y = evaluate(graph, {x})[0].data;
  for (size_t p = 0; p < 4; ++p) {
    const double v[3] = {x.data[p], x.data[4 + p], x.data[8 + p]}, mean = (v[0] + v[1] + v[2]) / 3;
    double variance = 1e-5;
    for (double value : v) variance += (value - mean) * (value - mean) / 3;
    const auto normal = [&](size_t c, double scale, double shift) {
      return (v[c] - mean) / std::sqrt(variance) * scale + shift;
    };
    const double n[3] = {normal(0, 1, 0), normal(1, 2, 0.5), normal(2, -1, 1)};
    const double sums[4] = {n[0] + n[2], n[1] + n[2] + 1, 2 * n[0] - n[1] - 1, n[0] + n[1] - 2 * n[2] + 0.5};
    double gated[4];
    for (size_t i = 0; i < 4; ++i) gated[i] = std::max(sums[i], 0.0) * sums[i];
    EXPECT_NEAR(y[p], 0.5 * (gated[0] + gated[3]) + v[0], 1e-4);
    EXPECT_NEAR(y[4 + p], 2 * (gated[1] + gated[3]) + v[1], 1e-4);
    EXPECT_NEAR(y[8 + p], gated[2] + gated[3] + v[2], 1e-4);
  }
  const Graph again = import_bytes(export_model(graph), "again");
  EXPECT_EQ(to_text(again), to_text(graph)) << "what is written says the same";
}

TEST(Import, layer_norms_that_are_spelled_out_are_one) {
  const auto spelled = [](bool scaled, const std::string& squares) {
    Model m;
    m.input("x", {1, 4}).floats("two", {}, {2}).floats("epsilon", {}, {0.5f});
    m.floats("scale", {4}, {1, 2, 3, 4}).floats("shift", {4}, {4, 3, 2, 1});
    set_ints(m.node("ReduceMean", {"x"}, "mean"), "axes", {-1});
    m.with("Sub", {"x", "mean"}, "d").with("Pow", {"d", "two"}, "square").with("Mul", {"d", "x"}, "other");
    set_ints(m.node("ReduceMean", {squares}, "variance"), "axes", {-1});
    m.with("Add", {"variance", "epsilon"}, "sum")
        .with("Sqrt", {"sum"}, "root")
        .with("Div", {"d", "root"}, "n");
    if (!scaled) return m.output("n");
    return m.with("Mul", {"n", "scale"}, "s").with("Add", {"shift", "s"}, "y").output("y");
  };
  const Tensor x({1, 4}, {1, 2, 3, 6});  // mean 3, variance 3.5
  const Graph whole = spelled(true, "square").import(), plain = spelled(false, "square").import();
  EXPECT_EQ(ops_of(whole), std::vector<std::string>{"layer_norm"});
  EXPECT_EQ(evaluate(whole, {x})[0].data, (std::vector<float>{3, 2, 2, 7}));
  EXPECT_EQ(ops_of(plain), std::vector<std::string>{"layer_norm"});
  EXPECT_EQ(evaluate(plain, {x})[0].data, (std::vector<float>{-1, -0.5f, 0, 1.5f}));
  EXPECT_THAT(spelled(true, "other").error(), HasSubstr("Sqrt"))
      << "what is no variance is not taken for one";
}

TEST(Import, turns_stay_where_somebody_wants_the_channels_last) {
  Model model = convnext_block();
  model.output("sum").output("scaled");
  const Graph graph = model.import();
  const Tensor x({1, 3, 2, 2}, {1, 2, 3, 4, 0, -1, 2, 5, 4, 4, 4, 0});
  const std::vector<Tensor> all = evaluate(graph, {x});
  EXPECT_EQ(all[0].data, evaluate(convnext_block().import(), {x})[0].data);
  EXPECT_EQ(all[1].shape, (Shape{1, 2, 2, 4}));
  EXPECT_EQ(all[2].shape, (Shape{1, 2, 2, 3}));
  for (size_t p = 0; p < 4; ++p)
    for (size_t c = 0; c < 3; ++c)
      EXPECT_FLOAT_EQ(all[2].data[p * 3 + c] + x.data[c * 4 + p], all[0].data[c * 4 + p]);
}

}  // namespace
}  // namespace netsuke::onnx
