#include "zoo/zoo.h"

#include <gmock/gmock.h>

#include <cmath>
#include <numeric>

#include "base/random.h"
#include "graph/evaluate.h"
#include "graph/preprocess.h"
#include "zoo/test_support.h"

namespace netsuke::zoo {
namespace {

using testing::AllOf;
using testing::HasSubstr;

TEST(Zoo, NamesMayHaveHyphens) { EXPECT_EQ(find_architecture("lenet-300-100").name, "lenet_300_100"); }

TEST(Zoo, LeNet300100HasThePapersSize) {
  const Graph graph = build("lenet_300_100");
  EXPECT_EQ(parameter_count(graph), 266'610);
  EXPECT_EQ(total_macs(graph), 266'200);
}

TEST(Zoo, LeNet5HasThePapersSize) {
  const Graph graph = build("lenet_5");
  EXPECT_EQ(parameter_count(graph), 431'080);
  EXPECT_EQ(total_macs(graph), 2'293'000);
  EXPECT_EQ(sum_of(graph, "conv1").macs, 288'000);
  EXPECT_EQ(sum_of(graph, "conv2").macs, 1'600'000);
  EXPECT_EQ(sum_of(graph, "ip1").macs, 400'000);
  EXPECT_EQ(sum_of(graph, "ip2").macs, 5'000);
}

// The smallest square image that leaves every layer something, for the nets that are too slow for the
// reference evaluation at their own size.
int small_side(std::string_view name) {
  static const std::map<std::string_view, int> sides = {
      {"alexnet", 63},       {"alexnet_caffe", 67}, {"vgg16", 32},        {"googlenet", 32},
      {"inception_v3", 75},  {"resnet18", 32},      {"nin", 64},          {"squeezenet1_0", 32},
      {"squeezenet1_1", 32}, {"mobilenet_v1", 32},  {"shufflenet_v1", 32}};
  const auto found = sides.find(name);
  return found == sides.end() ? 28 : found->second;
}

Tensor random_image(const Shape& shape, uint64_t seed) {
  Tensor image(shape);
  Random random(seed);
  for (float& value : image.data) value = static_cast<float>(random.normal());
  return image;
}

class EveryArchitecture : public testing::TestWithParam<Architecture> {};
INSTANTIATE_TEST_SUITE_P(Zoo, EveryArchitecture, testing::ValuesIn(architectures()),
                         [](const auto& info) { return std::string(info.param.name); });

TEST_P(EveryArchitecture, AnswersWithProbabilitiesThatDependOnTheImage) {
  const Architecture& row = GetParam();
  const int side = small_side(row.name);
  Options options;
  options.input = Shape{row.input[0], side, side};
  options.classes = 7;
  Graph graph = build(row.name, options);
  graph.outputs.push_back(
      graph.nodes.back().inputs[0]);  // scores: an untrained net's softmax may be saturated
  const auto answer = [&](uint64_t seed) {
    return evaluate(graph, {random_image({1, row.input[0], side, side}, seed)});
  };
  const std::vector<Tensor> one = answer(1), other = answer(2);
  ASSERT_EQ(one[0].shape, (Shape{1, 7}));
  EXPECT_NEAR(std::accumulate(one[0].data.begin(), one[0].data.end(), 0.0), 1, 1e-5);
  double difference = 0, size = 0;
  for (size_t i = 0; i < one[1].size(); ++i) {
    difference += std::abs(one[1].data[i] - other[1].data[i]);
    size += std::abs(one[1].data[i]);
  }
  EXPECT_GT(difference, 1e-2 * size);
}

TEST(Zoo, SmallImageNetsTakeDigitsAndColourPictures) {
  for (const Architecture& row : architectures()) {
    if (!row.name.ends_with("_small")) continue;
    for (const Shape& input : {Shape{1, 28, 28}, Shape{3, 32, 32}, Shape{3, 64, 64}}) {
      Options options;
      options.input = input;
      const Graph graph = build(row.name, options);
      EXPECT_EQ(output_of(graph), (Shape{1, 10})) << row.name;
      EXPECT_EQ(preprocess_of(graph).order, input[0] == 1 ? "gray" : "rgb") << row.name;
    }
  }
}

TEST(Zoo, ANetTakesAsManyClassesAndChannelsAsAskedFor) {
  Options options;
  options.classes = 37;
  options.input = Shape{4, 64, 96};
  for (const char* name : {"squeezenet1_1", "mobilenet_v1", "shufflenet_v1", "googlenet", "resnet18"})
    EXPECT_EQ(output_of(build(name, options)), (Shape{1, 37})) << name;
}

TEST(Zoo, ImageNetNetsCarryTorchvisionsPreprocessing) {
  const Preprocess expected{
      .scale = 1.0f / 255, .mean = {0.485f, 0.456f, 0.406f}, .std = {0.229f, 0.224f, 0.225f}, .order = "rgb"};
  EXPECT_EQ(preprocess_of(build("squeezenet1_0")), expected);
  EXPECT_EQ(preprocess_of(build("mobilenet_v1")), expected);
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
  EXPECT_THAT(message_of("lenet_5", options),
              AllOf(HasSubstr("lenet_5 does not fit an input of 1x8x8"), HasSubstr("node conv2")));
}

TEST(Zoo, AnInputTooLargeToBuildForIsRefusedBeforeAnythingIsAllocated) {
  EXPECT_THAT(message_of("lenet_300_100", with({}, {1, 1000, 1000})), HasSubstr("node ip1"));
  EXPECT_THAT(message_of("squeezenet1_0", with({}, {1'000'000, 224, 224})), HasSubstr("1024 channels"));
  EXPECT_THAT(message_of("squeezenet1_0", with({}, {3, 0, 224})), HasSubstr("3x224x224"));
  Options options;
  options.classes = 1 << 30;
  EXPECT_THAT(message_of("mobilenet_v1", options), HasSubstr("1 to 65536"));
}

}  // namespace
}  // namespace netsuke::zoo
