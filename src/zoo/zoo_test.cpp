#include "zoo/zoo.h"

#include <gmock/gmock.h>

#include "base/error.h"
#include "graph/cost.h"
#include "graph/evaluate.h"
#include "graph/preprocess.h"

namespace netsuke::zoo {
namespace {

using testing::HasSubstr;

std::string message_of(const std::string& name, const Options& options) {
  try {
    build(name, options);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

int64_t macs_of(const Graph& graph, std::string_view name) {
  const std::vector<NodeCost> costs = cost(graph);
  for (size_t i = 0; i < costs.size(); ++i)
    if (node_name(graph, graph.nodes[i]) == name) return costs[i].macs;
  return -1;
}

TEST(Zoo, LeNet300100HasThePapersSize) {
  const Graph graph = build("lenet_300_100");
  EXPECT_EQ(parameter_count(graph), 266'610);
  EXPECT_EQ(total_macs(graph), 266'200);
}

TEST(Zoo, LeNet5HasThePapersSize) {
  const Graph graph = build("lenet_5");
  EXPECT_EQ(parameter_count(graph), 431'080);
  EXPECT_EQ(total_macs(graph), 2'293'000);
  EXPECT_EQ(macs_of(graph, "conv1"), 288'000);
  EXPECT_EQ(macs_of(graph, "conv2"), 1'600'000);
  EXPECT_EQ(macs_of(graph, "ip1"), 400'000);
  EXPECT_EQ(macs_of(graph, "ip2"), 5'000);
}

TEST(Zoo, EveryArchitectureAnswersWithProbabilities) {
  for (const Architecture& row : architectures()) {
    const Graph graph = build(row.name);
    verify(graph);
    Shape shape = row.input;
    shape.insert(shape.begin(), 1);
    const Tensor out = evaluate(graph, {Tensor(shape)}).at(0);
    ASSERT_EQ(out.shape, (Shape{1, row.classes})) << row.name;
    float sum = 0;
    for (float p : out.data) sum += p;
    EXPECT_NEAR(sum, 1, 1e-5) << row.name;
  }
}

TEST(Zoo, PixelsComeInAsZeroToOne) { EXPECT_FLOAT_EQ(preprocess_of(build("lenet_5")).scale, 1.0f / 255); }

TEST(Zoo, TheSeedDecidesTheWeights) {
  EXPECT_EQ(build("lenet_5", {.input = {}, .classes = {}, .seed = 7, .flags = {}}),
            build("lenet_5", {.input = {}, .classes = {}, .seed = 7, .flags = {}}));
  EXPECT_FALSE(build("lenet_5", {.input = {}, .classes = {}, .seed = 7, .flags = {}}) == build("lenet_5"));
}

TEST(Zoo, OptionsChangeInputClassesAndDropout) {
  Options options;
  options.input = Shape{3, 32, 32};
  options.classes = 100;
  options.flags["dropout"] = "0";
  const Graph graph = build("lenet_5", options);
  EXPECT_EQ(graph.values[graph.inputs[0]].shape, (Shape{1, 3, 32, 32}));
  // conv1, conv2, ip1 of 50 x 5 x 5 inputs, ip2 of 100 outputs, with biases
  EXPECT_EQ(parameter_count(graph), 20 * 76 + 50 * 501 + 500 * 1251 + 100 * 501);
  for (const Node& node : graph.nodes) EXPECT_FALSE(std::holds_alternative<Dropout>(node.op));
}

TEST(Zoo, ErrorsSayWhatThereIs) {
  EXPECT_THAT(message_of("lenet5", {}), HasSubstr("did you mean 'lenet_5'?"));
  Options options;
  options.flags["droput"] = "0.2";
  EXPECT_THAT(message_of("lenet_5", options), HasSubstr("did you mean 'dropout'?"));
  options.flags = {{"dropout", "1.5"}};
  EXPECT_THAT(message_of("lenet_5", options), HasSubstr("dropout: found 1.5"));
  options = {};
  options.input = Shape{784};
  EXPECT_THAT(message_of("lenet_5", options), HasSubstr("1x28x28"));
  options.input = Shape{1, 8, 8};
  EXPECT_NE(message_of("lenet_5", options), "no error");
}

}  // namespace
}  // namespace netsuke::zoo
