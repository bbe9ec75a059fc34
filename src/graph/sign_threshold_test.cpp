#include "graph/passes/sign_threshold.h"

#include <gtest/gtest.h>

#include "base/random.h"
#include "base/text.h"
#include "graph/builder.h"
#include "graph/evaluate.h"
#include "graph/test_support.h"

namespace netsuke {
namespace {

/// norm -> sign -> convolution (or a linear layer), the norm's constants at random, half of the scales
/// negative.
Graph block(uint64_t seed, bool image, bool binary) {
  Random random(seed);
  Builder net("block", seed);
  const ValueId x = net.input("data", image ? Shape{6, 5, 4} : Shape{6});
  const ValueId signs = net.apply("sign", Sign{}, {net.batch_norm("norm", x)});
  const ValueId y = image ? net.conv("layer", signs, 3, {3, 2}, {.pad = {1, 0, 1, 1}}, false)
                          : net.linear("layer", signs, 3, false);
  Graph graph = net.finish({y});
  for (const Parameter& p : parameters(graph)) {
    WeightPtr& weight = graph.values[p.value].weight;
    Tensor values(weight->shape);
    for (float& v : values.data) v = static_cast<float>(random.uniform(p.role == "variance" ? 0.5 : -1, 1));
    if (p.role == "scale") values.data[2] = 0;
    weight = make_dense(values);
    if (p.role == "weight" && binary)
      weight = make_weight(values.shape, Signs{{0.5f, 2, 1}, sign_words(values.data), {}});
  }
  return graph;
}

TEST(SignThreshold, IsOneNumberAChannelAndChangesNoAnswer) {
  for (uint64_t seed = 1; seed <= 50; ++seed)
    for (const bool image : {true, false}) {
      SCOPED_TRACE(cat("seed ", seed, image ? ", image" : ", vector"));
      const Graph graph = block(seed, image, true), with = with_sign_thresholds(graph);
      ASSERT_TRUE(std::holds_alternative<Sub>(with.nodes[0].op));
      EXPECT_EQ(constant_count(graph) - constant_count(with), 3 * 6);
      const Tensor batch = random_batch(graph, seed);
      EXPECT_EQ(evaluate(graph, {batch})[0], evaluate(with, {batch})[0]);
    }
}

TEST(SignThreshold, LeavesWhatItCannotTurnAround) {
  const Graph real = block(1, true, false);
  EXPECT_EQ(with_sign_thresholds(real), real);
}

// 2 x - 1 >= 0 and 1 - 2 x >= 0 are both true at 1/2.
TEST(SignThreshold, TakesItsOwnValueAsTheBatchNormDid) {
  for (const float direction : {1.0f, -1.0f}) {
    Graph graph = block(1, false, true);
    const auto set = [&](const char* name, float value) {
      graph.values[find_value(graph, name)].weight = make_dense(Tensor({6}, std::vector<float>(6, value)));
    };
    set("norm.scale", 2 * direction), set("norm.bias", -direction), set("norm.mean", 0),
        set("norm.variance", 1);
    std::get<BatchNorm>(graph.nodes[0].op).epsilon = 0;
    const Tensor at({1, 6}, std::vector<float>(6, 0.5f));
    EXPECT_EQ(evaluate(graph, {at})[0], evaluate(with_sign_thresholds(graph), {at})[0]) << direction;
  }
}

// Weight decay leaves such scales: the threshold is then beyond all numbers.
TEST(SignThreshold, IsTheBiasWhereTheScaleIsNextToNothing) {
  for (const float scale : {1e-40f, -1e-40f, 0.0f})
    for (const float bias : {0.5f, -0.5f}) {
      Graph graph = block(1, false, true);
      const auto set = [&](const char* name, float value) {
        graph.values[find_value(graph, name)].weight = make_dense(Tensor({6}, std::vector<float>(6, value)));
      };
      set("norm.scale", scale), set("norm.bias", bias);
      const Tensor batch = random_batch(graph, 1);
      EXPECT_EQ(evaluate(graph, {batch})[0], evaluate(with_sign_thresholds(graph), {batch})[0])
          << scale << ", " << bias;
    }
}

}  // namespace
}  // namespace netsuke
