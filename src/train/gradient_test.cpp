// One step of training against slopes of the loss, taken from two points.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "train/test_runs.h"

namespace netsuke::train {
namespace {

using testing::HasSubstr;

/// Without relu and max-pool, whose kinks would blur a slope taken from two points.
Graph smooth_net() {
  Builder net("smooth", 3);
  ValueId x = net.input("data", {1, 8, 8});
  x = net.conv("conv", x, 6, {3, 3}, {.stride = {2, 1}, .pad = {1, 0, 2, 1}});
  x = net.apply("normal", Lrn{3, 0.5f, 0.75f, 1}, {x});
  x = net.apply("pool", AvgPool{}, {x});
  x = net.apply("flatten", Flatten{}, {x});
  x = net.linear("hidden", x, 16);
  x = net.linear("scores", x, 4);
  return net.finish({net.apply("prob", Softmax{}, {x})});
}

using Loss = double (*)(const Graph&, const Dataset&);

/// By the loss at `delta` to either side of value i of a constant.
double slope(Graph graph, const std::string& name, size_t i, float delta, Loss loss, const Dataset& data) {
  const Tensor values = to_dense(weight(graph, name));
  const auto loss_at = [&](float moved) {
    Tensor nudged = values;
    nudged.data[i] += moved;
    set_weight(graph, name, Dense{nudged.data});
    return loss(graph, data);
  };
  return (loss_at(delta) - loss_at(-delta)) / (2 * static_cast<double>(delta));
}

/// One step moves some values of each of these constants by the slope of the reference's loss.
void expect_gradients_of_the_reference(const Graph& graph, std::initializer_list<const char*> names) {
  const DatasetPtr data = quadrants(12, 1);
  const Graph moved = run(graph, *data, one_step(*data)).graph;
  for (const char* name : names) {
    const Tensor before = to_dense(weight(graph, name)), after = to_dense(weight(moved, name));
    for (size_t i = 0; i < before.size(); i += 1 + before.size() / 7)
      EXPECT_NEAR(before.data[i] - after.data[i], slope(graph, name, i, 1e-2f, loss, *data), 2e-4)
          << name << " " << i;
  }
}

TEST(Gradients, AreThoseOfTheReferenceLoss) {
  expect_gradients_of_the_reference(
      smooth_net(), {"conv.weight", "conv.bias", "hidden.weight", "scores.weight", "scores.bias"});
}

/// A convolution for each of the ways in which they and their gradients are computed: Winograd's, 1x1 in
/// groups, windows with strides, windows in groups and with holes.
Graph net_of_convolutions() {
  Builder net("convolutions", 7);
  ValueId x = net.input("data", {1, 8, 8});
  x = net.conv("first", x, 16, {3, 3}, {.pad = {1, 1, 1, 1}});
  x = net.conv("winograd", x, 16, {3, 3}, {.pad = {1, 0, 2, 1}});
  x = net.conv("grouped", x, 18, {1, 1}, {.groups = 2});
  x = net.conv("holes", x, 12, {3, 2}, {.pad = {2, 2, 2, 2}, .dilation = {2, 3}, .groups = 3});
  x = net.conv("strided", x, 8, {3, 3}, {.stride = {2, 3}, .pad = {1, 1, 1, 1}, .groups = 2}, false);
  x = net.linear("scores", net.apply("flatten", Flatten{}, {x}), 4);
  return net.finish({net.apply("prob", Softmax{}, {x})});
}

TEST(Gradients, OfConvolutionsAreThoseOfTheReferenceLoss) {
  expect_gradients_of_the_reference(net_of_convolutions(),
                                    {"first.weight", "first.bias", "winograd.weight", "winograd.bias",
                                     "grouped.weight", "grouped.bias", "holes.weight", "strided.weight"});
}

/// Windows of one pixel that lie beside the image.
TEST(Gradients, OfAConvolutionOfNothingButPaddingAreThoseOfTheReferenceLoss) {
  Builder net("beside", 9);
  ValueId x = net.conv("column", net.input("data", {1, 8, 8}), 4, {3, 8});
  x = net.apply("sum", Add{},
                {x, net.conv("beside", x, 4, {1, 1}, {.stride = {1, 2}, .pad = {0, 1, 0, 0}, .groups = 2})});
  x = net.linear("scores", net.apply("flatten", Flatten{}, {x}), 4);
  expect_gradients_of_the_reference(net.finish({net.apply("prob", Softmax{}, {x})}),
                                    {"column.weight", "beside.weight", "beside.bias"});
}

/// A batch that shows the same images again and again, so large that its parts have sums of their own, moves
/// the weights as the images alone do; on any number of threads the same.
TEST(Gradients, OfLargeBatchesAreSumsOfTheirParts) {
  const DatasetPtr once = quadrants(12, 1), often = quadrants(12, 1, 48);
  const Graph graph = net_of_convolutions(), alone = run(graph, *once, one_step(*once)).graph;
  const Graph together = run(graph, *often, one_step(*often)).graph;
  Options threads = one_step(*often);
  threads.threads = 3;
  const Graph shared = run(graph, *often, threads).graph;
  for (const Parameter& parameter : parameters(graph)) {
    const auto values = [&](const Graph& of) { return to_dense(*of.values[parameter.value].weight); };
    const Tensor before = values(graph), expected = values(alone), found = values(together);
    for (size_t i = 0; i < before.size(); ++i)
      ASSERT_NEAR(found.data[i] - before.data[i], expected.data[i] - before.data[i], 2e-5)
          << graph.values[parameter.value].name << " " << i;
    EXPECT_EQ(values(shared).data, found.data) << graph.values[parameter.value].name;
  }
}

/// A batch norm and a sum with a ReLU behind them, which they do the work of, and a batch norm and a sum
/// without.
Graph normed_net() {
  Builder net("normed", 5);
  ValueId x = net.input("data", {1, 8, 8});
  x = net.apply("relu1", Relu{}, {net.batch_norm("norm1", net.conv("conv1", x, 5, {3, 3}))});
  x = net.batch_norm("norm2", net.conv("conv2", x, 3, {3, 3}));
  x = net.apply("relu3", Relu{}, {net.apply("sum3", Add{}, {x, net.conv("conv3", x, 3, {1, 1})})});
  x = net.apply("sum", Add{}, {x, net.apply("relu2", Relu{}, {x})});
  x = net.linear("scores", net.apply("flatten", Flatten{}, {x}), 4);
  Graph graph = net.finish({x});
  set_weight(graph, "norm1.scale", Dense{{0.5f, 1.5f, -1, 2, 0.25f}});
  set_weight(graph, "norm1.bias", Dense{{0.1f, -0.3f, 0.2f, 0, 0.5f}});
  return graph;
}

/// In training: batch norms know the statistics of the batch alone.
double training_loss(const Graph& graph, const Dataset& data) {
  return run(graph, data, one_step(data)).epochs[0].loss;
}

TEST(Gradients, OfBatchNormsAreThoseOfTheLoss) {
  const DatasetPtr data = quadrants(12, 1);
  const Graph graph = normed_net(), moved = run(graph, *data, one_step(*data)).graph;
  for (const char* name : {"conv1.weight", "norm1.scale", "norm1.bias", "conv2.weight", "norm2.scale",
                           "norm2.bias", "conv3.weight"}) {
    const Tensor before = to_dense(weight(graph, name)), after = to_dense(weight(moved, name));
    // Over all values: one alone may lie at the bend of a ReLU, where its slope is not its gradient.
    double apart = 0, length = 0;
    for (size_t i = 0; i < before.size(); i += 1 + before.size() / 16) {
      const double expected = slope(graph, name, i, 3e-4f, training_loss, *data);
      apart += std::pow(before.data[i] - after.data[i] - expected, 2);
      length += expected * expected;
    }
    EXPECT_LT(std::sqrt(apart), 0.04 * std::sqrt(length)) << name;
  }
}

/// Ops that ONNX files bring, between a convolution and the scores.
Graph imported_net() {
  Builder net("imported");
  ValueId x = net.input("data", {1, 8, 8});
  x = net.apply("scaled", Mul{}, {x, net.constant("scaled.operand", Tensor({1, 1, 1}, {1.5f}))});
  x = net.conv("conv", x, 4, {3, 3}, {.stride = {2, 2}});
  x = net.apply("prelu", PRelu{},
                {x, net.constant("prelu.slope", Tensor({4, 1, 1}, {0.1f, 0.2f, 0.3f, 0.4f}))});
  Tensor spread({4, 1, 2, 2});
  for (size_t i = 0; i < spread.size(); ++i) spread.data[i] = 0.1f * static_cast<float>(i % 5) - 0.15f;
  x = net.apply("up", ConvTranspose2d{{2, 2}, {1, 0, 0, 0}, {1, 1}, {0, 0}, 2},
                {x, net.constant("up.weight", std::move(spread)), net.constant("up.bias", Tensor({2}))});
  x = net.apply("gated", Mul{}, {x, net.apply("gate", Sigmoid{}, {net.apply("mean", GlobalAvgPool{}, {x})})});
  x = net.apply("large", Resize{{7, 5}, 1}, {net.apply("mirrored", Pad{{1, 2, 0, -1}, 0, 1}, {x})});
  x = net.apply("turned", Transpose{{{0, 2, 3, 1}}}, {net.apply("back", Slice{2, 6, -1, -2}, {x})});
  x = net.linear("scores", net.apply("row", Reshape{{{40}}}, {x}), 4);
  return net.finish({net.apply("prob", Softmax{}, {x})});
}

TEST(Gradients, OfImportedOpsAreThoseOfTheReferenceLoss) {
  expect_gradients_of_the_reference(imported_net(), {"prelu.slope", "up.weight", "up.bias", "scores.weight"});
}

TEST(Gradients, SlopesLearnAndOperandsStayAsTheyAre) {
  const DatasetPtr data = quadrants(12, 1);
  const Graph before = imported_net(), after = run(before, *data, one_step(*data)).graph;
  EXPECT_EQ(weight(after, "scaled.operand"), weight(before, "scaled.operand"));
  EXPECT_NE(weight(after, "prelu.slope"), weight(before, "prelu.slope"));
}

TEST(BatchNorms, RunningStatisticsMoveByATenthTowardsTheBatch) {
  const DatasetPtr data = quadrants(12, 1);
  const Graph graph = normed_net(), trained = run(graph, *data, one_step(*data)).graph;
  Graph until_conv = graph;
  until_conv.outputs = {find_value(graph, "conv1")};
  const Tensor maps = evaluate(until_conv, {batch_of(graph, *data)})[0];  // [12, 5, 6, 6]
  for (size_t c = 0; c < 5; ++c) {
    double sum = 0, squares = 0;
    for (size_t image = 0; image < 12; ++image)
      for (size_t i = 0; i < 36; ++i) {
        const auto value = static_cast<double>(maps.data[(image * 5 + c) * 36 + i]);
        sum += value;
        squares += value * value;
      }
    constexpr double count = 12 * 36;
    const double mean = sum / count, variance = (squares - count * mean * mean) / (count - 1);
    EXPECT_NEAR(to_dense(weight(trained, "norm1.mean")).data[c], 0.1 * mean, 1e-5);
    EXPECT_NEAR(to_dense(weight(trained, "norm1.variance")).data[c], 0.9 + 0.1 * variance, 1e-5);
  }
}

TEST(Precision, Bf16LearnsAsFp32DoesWhereTheMachineHasIt) {
  const DatasetPtr data = quadrants(12, 1);
  Options step = one_step(*data), whole = short_run();
  step.precision = whole.precision = "bf16";
  try {
    EXPECT_NEAR(run(normed_net(), *data, step).epochs[0].loss, training_loss(normed_net(), *data), 0.02);
  } catch (const Error& refusal) {
    ASSERT_THAT(refusal.what(), HasSubstr("no bf16 convolution"));
    GTEST_SKIP() << refusal.what();
  }
  EXPECT_LT(error_percent(run(small_net(), *quadrants(800, 1), whole).graph, *quadrants(400, 2)), 1);
}

}  // namespace
}  // namespace netsuke::train
