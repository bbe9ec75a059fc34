#include "compress/dead.h"

#include <gmock/gmock.h>

#include "base/random.h"
#include "compress/mask.h"
#include "compress/prune.h"
#include "graph/builder.h"
#include "graph/evaluate.h"

namespace netsuke::compress {
namespace {

ValueId value_of(const Graph& graph, std::string_view name) { return find_value(graph, name); }

void randomise_biases(Graph& graph, uint64_t seed) {
  Random random(seed, 1);
  for (const Target& target : vector_targets(graph)) {
    Tensor bias(graph.values[target.value].weight->shape);
    for (float& value : bias.data) value = static_cast<float>(random.normal());
    graph.values[target.value].weight = make_dense(std::move(bias));
  }
}

/// `pad` on the second convolution is what stops constants from moving into it.
Graph convolutional(uint64_t seed, Pads pad) {
  Builder net("net", seed);
  ValueId x = net.input("data", {1, 10, 10});
  x = net.conv("conv1", x, 6, {3, 3});
  x = net.apply("relu1", Relu{}, {x});
  x = net.apply("pool1", MaxPool{}, {x});
  Conv2d second;
  second.pad = pad;
  x = net.conv("conv2", x, 5, {3, 3}, second);
  x = net.apply("clip2", Clip{-1, 1}, {x});
  x = net.apply("flatten", Flatten{}, {x});
  x = net.linear("ip1", x, 12);
  x = net.apply("relu3", Relu{}, {x});
  x = net.apply("drop3", Dropout{}, {x});
  x = net.linear("ip2", x, 4);
  x = net.apply("prob", Softmax{}, {x});
  Graph graph = net.finish({x});
  randomise_biases(graph, seed);
  return graph;
}

Tensor random_input(uint64_t seed, Shape shape) {
  Random random(seed, 2);
  Tensor input(std::move(shape));
  for (float& value : input.data) value = static_cast<float>(random.normal());
  return input;
}

int64_t connections(const Graph& graph) {
  int64_t count = 0;
  for (const Target& target : weight_targets(graph)) count += kept_count(*graph.values[target.value].weight);
  return count;
}

void expect_same_answers(const Graph& a, const Graph& b, const Tensor& input) {
  const Tensor first = evaluate(a, {input})[0], second = evaluate(b, {input})[0];
  ASSERT_EQ(first.shape, second.shape);
  for (size_t i = 0; i < first.size(); ++i) EXPECT_NEAR(first.data[i], second.data[i], 1e-5);
}

TEST(DeadNeurons, GoWithoutChangingTheAnswer) {
  int64_t removed = 0;
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    const Pads pad = seed % 2 ? Pads{} : Pads{1, 1, 1, 1};
    const PerLayer<double> density{.all = random.uniform(0.02, 0.3), .by_key = {}};
    const Graph pruned = prune_to_density(convolutional(seed, pad), density);
    const Graph cleaned = remove_dead_neurons(pruned);
    verify(cleaned);
    expect_same_answers(pruned, cleaned, random_input(seed, {2, 1, 10, 10}));
    EXPECT_EQ(remove_dead_neurons(cleaned), cleaned) << "one call must reach the end";
    removed += connections(pruned) - connections(cleaned);
  }
  EXPECT_GT(removed, 100) << "the test prunes too little to test anything";
}

TEST(DeadNeurons, WorkOnSharedWeights) {
  Graph graph = prune_to_density(convolutional(3, {}), {.all = 0.06, .by_key = {}});
  for (const Target& target : weight_targets(graph)) {
    WeightPtr& weight = graph.values[target.value].weight;
    const auto kept = static_cast<size_t>(kept_count(*weight));
    std::vector<uint16_t> codes(kept);
    for (size_t i = 0; i < kept; ++i) codes[i] = i % 2;
    weight = with_codebook(*weight, {-0.5f, 0.25f}, codes);
  }
  const Graph cleaned = remove_dead_neurons(graph);
  EXPECT_LT(connections(cleaned), connections(graph));
  expect_same_answers(graph, cleaned, random_input(3, {1, 1, 10, 10}));
}

/// 2 inputs -> 3 units -> 2 outputs, where unit 1 is unread and unit 2 reads nothing.
class ThreeUnits : public testing::Test {
 protected:
  explicit ThreeUnits(Op activation = Relu{}) {
    Builder net("three");
    ValueId x = net.linear("ip1", net.input("data", {2}), 3);
    x = net.apply("act", activation, {x});
    graph_ = net.finish({net.linear("ip2", x, 2)});
    set("ip1.weight", {{3, 2}, Sparse{{0, 1, 2, 3}, {1, 2, 3, 4}}});
    set("ip1.bias", {{3}, Dense{{0.5f, 0.25f, 2}}});
    set("ip2.weight", {{2, 3}, Sparse{{0, 3, 5}, {1, -1, 10}}});
    set("ip2.bias", {{2}, Dense{{0, 1}}});
  }
  void set(const std::string& name, Weight weight) {
    graph_.values[value_of(graph_, name)].weight = std::make_shared<const Weight>(std::move(weight));
  }
  static Weight get(const Graph& graph, const std::string& name) {
    return *graph.values[value_of(graph, name)].weight;
  }
  Graph graph_;
};

TEST_F(ThreeUnits, LoseTheUnreadAndFoldTheConstant) {
  const Graph cleaned = remove_dead_neurons(graph_);
  EXPECT_EQ(get(cleaned, "ip1.weight"), (Weight{{3, 2}, Sparse{{0, 1}, {1, 2}}}));
  EXPECT_EQ(get(cleaned, "ip1.bias"), (Weight{{3}, Dense{{0.5f, 0, 0}}}));
  EXPECT_EQ(get(cleaned, "ip2.weight"), (Weight{{2, 3}, Sparse{{0, 3}, {1, -1}}}));
  EXPECT_EQ(get(cleaned, "ip2.bias"), (Weight{{2}, Dense{{0, 21}}}));
}

TEST_F(ThreeUnits, StayWhereTheHiddenValueIsAlsoAnOutput) {
  graph_.outputs.push_back(value_of(graph_, "act"));
  EXPECT_EQ(remove_dead_neurons(graph_), graph_);
}

TEST_F(ThreeUnits, StayWhereTheWeightIsSharedWithAnotherNode) {
  Builder net("twice");
  const ValueId data = net.input("data", {2});
  ValueId x = net.linear("ip1", data, 2);
  Graph graph = net.finish({net.linear("ip2", x, 2)});
  graph.values[value_of(graph, "ip1.weight")].weight = make_weight({2, 2}, Sparse{{0, 1}, {1, 2}});
  graph.nodes[1].inputs[1] = graph.nodes[0].inputs[1];
  EXPECT_EQ(remove_dead_neurons(graph), graph);
}

TEST(DeadNeurons, AConstantDoesNotMoveIntoAPaddedConvolution) {
  Builder net("padded");
  ValueId x = net.conv("conv1", net.input("data", {1, 4, 4}), 2, {3, 3});
  Conv2d padded;
  padded.pad = {1, 1, 1, 1};
  Graph graph = net.finish({net.conv("conv2", x, 1, {3, 3}, padded)});
  std::vector<bool> second_channel(18, true);
  std::fill(second_channel.begin() + 9, second_channel.end(), false);
  WeightPtr& weight = graph.values[value_of(graph, "conv1.weight")].weight;
  weight = keep_only(*weight, second_channel);
  graph.values[value_of(graph, "conv1.bias")].weight = make_dense(Tensor({2}, {0.0f, 1.0f}));
  EXPECT_EQ(remove_dead_neurons(graph), graph);
  graph.values[value_of(graph, "conv1.bias")].weight = make_dense(Tensor({2}, {1.0f, 0.0f}));
  EXPECT_EQ(connections(remove_dead_neurons(graph)), 9 + 9) << "a zero is a zero in the padding too";
}

}  // namespace
}  // namespace netsuke::compress
