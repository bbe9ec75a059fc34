#include "compress/binarize.h"

#include <gmock/gmock.h>

#include "base/error.h"
#include "base/random.h"
#include "graph/builder.h"
#include "graph/evaluate.h"
#include "graph/shapes.h"
#include "graph/text.h"

namespace netsuke::compress {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsSupersetOf;
using testing::Not;

/// Four layers; conv2 keeps the channels, conv3 doubles them and is pooled.
Graph plain_net() {
  Builder net("plain", 3);
  ValueId x = net.input("data", {3, 8, 8});
  const auto layer = [&](const std::string& number, int out, bool pools) {
    x = net.conv("conv" + number, x, out, {3, 3}, {.pad = {1, 1, 1, 1}}, false);
    x = net.batch_norm("bn" + number, x);
    x = net.apply("relu" + number, Relu{}, {x});
    if (pools) x = net.apply("pool" + number, MaxPool{}, {x});
  };
  layer("1", 4, false), layer("2", 4, false), layer("3", 8, true);
  x = net.apply("flatten", Flatten{}, {x});
  return net.finish({net.linear("fc4", x, 5)});
}

/// Names of the nodes on the way from the input, as "name:op".
std::vector<std::string> nodes(const Graph& graph) {
  std::vector<std::string> names;
  for (const Node& node : graph.nodes) names.push_back(cat(node_name(graph, node), ':', op_name(node.op)));
  return names;
}

const Weight& weight(const Graph& graph, const std::string& layer) {
  return *graph.values[find_value(graph, layer + ".weight")].weight;
}

TEST(Binarize, LeavesTheFirstAndTheLastLayerReal) {
  const Graph graph = plain_net();
  EXPECT_THAT(binary_layers(graph, {}), ElementsAre("conv2", "conv3"));
  EXPECT_THAT(binary_layers(graph, {.keep = {"*3"}}), ElementsAre("conv2"));
  EXPECT_THAT(binary_layers(graph, {.ends = true}), ElementsAre("conv1", "conv2", "conv3", "fc4"));
  EXPECT_THROW(binarize(graph, {.keep = {"conv*"}}), Error);
  EXPECT_THROW(binarize(graph, {.keep = {"cnv2"}}), Error);
}

TEST(Binarize, WeightsAloneLeaveTheOrderAndBecomeScaledSigns) {
  const Graph graph = plain_net(), binary = binarize(graph, {.inputs = false});
  EXPECT_EQ(nodes(binary), nodes(graph));
  EXPECT_EQ(weight(binary, "conv1"), weight(graph, "conv1"));
  const Tensor before = to_dense(weight(graph, "conv2")), after = to_dense(weight(binary, "conv2"));
  for (size_t filter = 0; filter < 4; ++filter) {
    double mean = 0;
    for (size_t i = 0; i < 36; ++i) mean += std::abs(before.data[filter * 36 + i]) / 36.0;
    for (size_t i = filter * 36; i < filter * 36 + 36; ++i)
      EXPECT_NEAR(after.data[i], before.data[i] >= 0 ? mean : -mean, 1e-3 * mean);
  }
  EXPECT_EQ(std::get<Signs>(weight(binary, "conv2").encoding).latent, before.data);
}

TEST(Binarize, PapersBlockIsNormSignConvolutionPool) {
  const Graph binary = binarize(plain_net(), {.block = BinaryBlock::paper});
  EXPECT_THAT(nodes(binary),
              ElementsAre("conv1:conv2d", "bn1:batch_norm", "relu1:relu",              //
                          "conv2.norm:batch_norm", "conv2.sign:sign", "conv2:conv2d",  //
                          "conv3.norm:batch_norm", "conv3.sign:sign", "conv3:conv2d", "bn3:batch_norm",
                          "relu3:relu", "pool3:max_pool", "flatten:flatten", "fc4:linear"));
}

TEST(Binarize, PapersScaleIsThatOfTheNormedInput) {
  const Graph binary = binarize(plain_net(), {.block = BinaryBlock::paper, .scale = true});
  const Node& scale = [&]() -> const Node& {
    for (const Node& node : binary.nodes)
      if (node_name(binary, node) == "conv2.scale") return node;
    throw std::logic_error("no scale");
  }();
  EXPECT_EQ(binary.values[scale.inputs[0]].name, "conv2.norm");
  EXPECT_EQ(std::get<InputScale>(scale.op).kernel, (Pair{3, 3}));
  EXPECT_EQ(infer_shapes(binary)[scale.output], (Shape{1, 1, 8, 8}));
}

TEST(Binarize, ConventionalBlockPoolsSigns) {
  const Graph binary = binarize(plain_net(), {.block = BinaryBlock::conventional});
  EXPECT_THAT(nodes(binary), ElementsAre("conv1:conv2d", "bn1:batch_norm", "conv1.signs:sign",  //
                                         "conv2:conv2d", "bn2:batch_norm", "conv2.signs:sign",  //
                                         "conv3:conv2d", "bn3:batch_norm", "relu3:relu", "pool3:max_pool",
                                         "flatten:flatten", "fc4:linear"));
}

TEST(Binarize, ResidualBlockAddsItsRealInput) {
  const Graph binary = binarize(plain_net(), {});
  EXPECT_THAT(nodes(binary), ElementsAre("conv1:conv2d", "bn1:batch_norm", "relu1:prelu",  //
                                         "conv2.norm:batch_norm", "conv2.sign:sign", "conv2:conv2d",
                                         "bn2:batch_norm", "conv2.sum:add", "relu2:prelu",  //
                                         "conv3.doubled:concat", "conv3.norm:batch_norm", "conv3.sign:sign",
                                         "conv3:conv2d", "bn3:batch_norm", "conv3.sum:add", "relu3:prelu",
                                         "pool3:max_pool", "flatten:flatten", "fc4:linear"));
  // The sum is that of the block's input and its norm.
  Tensor input({1, 3, 8, 8});
  Random random(7);
  for (float& value : input.data) value = static_cast<float>(random.normal());
  const auto at = [&](const std::string& name) {
    Graph part = binary;
    part.outputs = {find_value(binary, name)};
    return evaluate(part, {input}).at(0);
  };
  const Tensor in = at("relu1"), norm = at("bn2"), sum = at("conv2.sum");
  for (size_t i = 0; i < sum.size(); ++i) EXPECT_FLOAT_EQ(sum.data[i], in.data[i] + norm.data[i]);
}

TEST(Binarize, ResidualPartsCanBeLeftOut) {
  const Graph binary =
      binarize(plain_net(), {.shortcut = false, .threshold = false, .prelu = false, .keep = {"conv3"}});
  EXPECT_THAT(nodes(binary), ElementsAre("conv1:conv2d", "bn1:batch_norm", "conv2.sign:sign", "conv2:conv2d",
                                         "bn2:batch_norm", "relu2:relu", "conv3:conv2d", "bn3:batch_norm",
                                         "relu3:relu", "pool3:max_pool", "flatten:flatten", "fc4:linear"));
}

TEST(Binarize, LinearLayersBehindConvolutionsKeepRealInputs) {
  Builder net("behind", 3);
  ValueId x = net.conv("conv1", net.input("data", {3, 4, 4}), 4, {3, 3}, {.pad = {1, 1, 1, 1}});
  x = net.apply("relu1", Relu{}, {x});
  x = net.apply("relu2", Relu{}, {net.conv("conv2", x, 4, {3, 3}, {.pad = {1, 1, 1, 1}})});
  x = net.apply("relu3", Relu{}, {net.linear("fc3", net.apply("flatten", Flatten{}, {x}), 8)});
  const Graph graph = net.finish({net.linear("fc4", x, 5)}), binary = binarize(graph, {});
  EXPECT_TRUE(std::holds_alternative<Signs>(weight(binary, "fc3").encoding));
  EXPECT_THAT(nodes(binary), AllOf(Contains("conv2.sign:sign"), Not(Contains("fc3.sign:sign"))));
  // What stands around it stays as well.
  EXPECT_THAT(nodes(binary), IsSupersetOf({"flatten:flatten", "fc3:linear", "relu3:relu", "fc4:linear"}));
  using Parts = std::vector<std::string>;
  EXPECT_THAT(nodes(binarize(graph, binarize_options("xnor", "paper", Parts{"real-linear"}))),
              AllOf(Contains("conv2.sign:sign"), Not(Contains("fc3.sign:sign"))));
  // Otherwise, and by default in the paper's block, they become binary as convolutions do.
  for (const BinarizeOptions& signs :
       {binarize_options("xnor", "residual", Parts{"shortcut"}), binarize_options("xnor", "paper", {})})
    EXPECT_THAT(nodes(binarize(graph, signs)), Contains("fc3.sign:sign"));
}

TEST(Binarize, NetsOfLinearLayersAloneGetBinaryInputs) {
  Builder net("mlp", 3);
  ValueId x = net.apply("relu1", Relu{}, {net.linear("fc1", net.input("data", {6}), 8)});
  x = net.apply("relu2", Relu{}, {net.linear("fc2", x, 8)});
  EXPECT_THAT(nodes(binarize(net.finish({net.linear("fc3", x, 5)}), {})), Contains("fc2.sign:sign"));
}

TEST(Binarize, BinaryInputsAreNotMadeBinaryAgain) {
  const Graph weights = binarize(plain_net(), {.inputs = false}), inputs = binarize(weights, {});
  EXPECT_THAT(nodes(inputs), Contains("conv2.sign:sign")) << "binary weights may go on to binary inputs";
  try {
    binarize(inputs, {});
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::usage);
    EXPECT_THAT(error.what(), HasSubstr("is binary already, its conv2.sign makes signs"));
  }
}

/// A residual block that shrinks: conv2 and conv3 beside a projection.
TEST(Binarize, ProjectionsOfResidualBlocksStayRealAndSumsGetNoSecondShortcut) {
  Builder net("residual", 3);
  ValueId x = net.conv("conv1", net.input("data", {3, 8, 8}), 4, {3, 3}, {.pad = {1, 1, 1, 1}});
  ValueId y = net.conv("conv2", x, 8, {3, 3}, {.stride = {2, 2}, .pad = {1, 1, 1, 1}});
  y = net.apply("relu2", Relu{}, {y});
  y = net.conv("conv3", y, 8, {3, 3}, {.pad = {1, 1, 1, 1}});
  ValueId beside = net.conv("project", x, 8, {1, 1}, {.stride = {2, 2}});
  x = net.apply("relu3", Relu{}, {net.apply("sum", Add{}, {y, beside})});
  x = net.apply("flatten", Flatten{}, {net.apply("mean", GlobalAvgPool{}, {x})});
  const Graph graph = net.finish({net.linear("fc", x, 5)});
  EXPECT_THAT(binary_layers(graph, {}), ElementsAre("conv2", "conv3"));
  const std::vector<std::string> names = nodes(binarize(graph, {}));
  EXPECT_THAT(names, testing::IsSupersetOf({"conv2.shrunk:avg_pool", "conv2.doubled:concat", "conv2.sum:add",
                                            "conv2.out_norm:batch_norm", "conv3.out_norm:batch_norm"}));
  EXPECT_THAT(names, testing::Not(testing::Contains("conv3.sum:add")));
}

TEST(Binarize, OptionsAreReadFromWords) {
  const BinarizeOptions ours = binarize_options("xnor", "residual", {});
  EXPECT_TRUE(ours.inputs && ours.shortcut && ours.threshold && ours.prelu && !ours.scale);
  const BinarizeOptions paper = binarize_options("xnor", "paper", {});
  EXPECT_TRUE(paper.scale && !paper.shortcut && !paper.threshold && !paper.prelu);
  EXPECT_FALSE(binarize_options("xnor", "paper", std::vector<std::string>{}).scale);
  EXPECT_FALSE(binarize_options("bwn", "residual", {}).inputs);
  EXPECT_THROW(binarize_options("xnr", "residual", {}), Error);
  EXPECT_THROW(binarize_options("xnor", "paper", std::vector<std::string>{"prelu"}), Error);
}

}  // namespace
}  // namespace netsuke::compress
