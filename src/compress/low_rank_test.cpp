#include "compress/low_rank.h"

#include <gmock/gmock.h>

#include <cmath>

#include "base/error.h"
#include "base/random.h"
#include "graph/builder.h"
#include "graph/cost.h"
#include "graph/evaluate.h"

namespace netsuke::compress {
namespace {

/// Strides, pads and dilations that differ by direction, so that a mix-up shows.
Graph net_of(uint64_t seed) {
  Builder net("net", seed);
  ValueId x = net.input("data", {3, 13, 11});
  x = net.conv("conv1", x, 12, {3, 5}, {.stride = {2, 1}, .pad = {1, 2, 0, 3}, .dilation = {1, 2}});
  x = net.apply("relu1", Relu{}, {x});
  x = net.conv("grouped", x, 12, {3, 3}, {.pad = {1, 1, 1, 1}, .groups = 2});
  x = net.conv("point", x, 20, {1, 1});
  x = net.apply("flatten", Flatten{}, {x});
  return net.finish({net.linear("ip", x, 30)});
}

Tensor image(const Graph& graph, uint64_t seed) {
  Tensor tensor(graph.values[graph.inputs[0]].shape);
  Random random(seed);
  for (float& value : tensor.data) value = static_cast<float>(random.normal());
  return tensor;
}

double relative_difference(const Graph& a, const Graph& b) {
  const Tensor in = image(a, 3), left = evaluate(a, {in}).at(0), right = evaluate(b, {in}).at(0);
  double apart = 0, size = 0;
  for (size_t i = 0; i < left.data.size(); ++i) {
    apart += std::pow(static_cast<double>(left.data[i]) - static_cast<double>(right.data[i]), 2);
    size += std::pow(static_cast<double>(left.data[i]), 2);
  }
  return std::sqrt(apart / size);
}

/// A weight that is of this rank by its filters.
void make_low_rank(Graph& graph, const std::string& weight, int rank) {
  WeightPtr& w = graph.values[find_value(graph, weight)].weight;
  const auto rows = static_cast<size_t>(w->shape[0]);
  const size_t columns = static_cast<size_t>(weight_count(*w)) / rows;
  Random random(17);
  std::vector<double> left(rows * static_cast<size_t>(rank)), right(columns * static_cast<size_t>(rank));
  for (auto* side : {&left, &right})
    for (double& value : *side) value = random.normal();
  Tensor product(w->shape);
  for (size_t i = 0; i < rows; ++i)
    for (size_t j = 0; j < columns; ++j) {
      double sum = 0;
      for (size_t r = 0; r < static_cast<size_t>(rank); ++r)
        sum += left[i * static_cast<size_t>(rank) + r] * right[r * columns + j];
      product.data[i * columns + j] = static_cast<float>(sum);
    }
  w = make_dense(std::move(product));
}

TEST(LowRank, FindsTheRankThatIsThereAndAnswersTheSame) {
  Graph graph = net_of(1);
  make_low_rank(graph, "ip.weight", 4);
  make_low_rank(graph, "conv1.weight", 3);
  const Graph small =
      low_rank(graph, {.energy = {.all = 0.999999, .by_key = {}}, .rank = {}, .form = LowRankForm::channel});
  EXPECT_EQ(small.values[find_value(small, "ip_basis.weight")].weight->shape[0], 4);
  EXPECT_EQ(small.values[find_value(small, "conv1_basis.weight")].weight->shape, (Shape{3, 3, 3, 5}));
  EXPECT_EQ(small.values[find_value(small, "conv1.weight")].weight->shape, (Shape{12, 3, 1, 1}));
  EXPECT_LT(relative_difference(graph, small), 1e-3);
  EXPECT_LT(parameter_count(small), parameter_count(graph));
}

TEST(LowRank, AWeightThatIsSeparableBecomesOneLayerDownAndOneAcross) {
  Builder net("one", 5);
  ValueId x = net.input("data", {4, 13, 11});
  x = net.conv("conv", x, 10, {3, 5}, {.stride = {2, 1}, .pad = {1, 2, 0, 3}, .dilation = {1, 2}});
  Graph graph = net.finish({x});
  WeightPtr& weight = graph.values[find_value(graph, "conv.weight")].weight;
  Random random(8);
  Tensor separable(weight->shape);
  std::vector<float> across(2 * 10 * 5), down(2 * 4 * 3);
  for (auto* side : {&across, &down})
    for (float& value : *side) value = static_cast<float>(random.normal());
  for (size_t i = 0; i < separable.data.size(); ++i) {
    const size_t column = i % 5, row = i / 5 % 3, channel = i / 15 % 4, filter = i / 60;
    for (size_t r = 0; r < 2; ++r)
      separable.data[i] += across[(r * 10 + filter) * 5 + column] * down[(r * 4 + channel) * 3 + row];
  }
  weight = make_dense(std::move(separable));
  const Graph small = low_rank(graph, {.energy = {.all = 0.999999, .by_key = {}}, .rank = {}});
  EXPECT_EQ(small.values[find_value(small, "conv_basis.weight")].weight->shape, (Shape{2, 4, 3, 1}));
  EXPECT_EQ(small.values[find_value(small, "conv.weight")].weight->shape, (Shape{10, 2, 1, 5}));
  EXPECT_LT(relative_difference(graph, small), 1e-3);
}

TEST(LowRank, LessEnergyIsFewerWeightsAndMoreError) {
  const Graph graph = net_of(2);
  double error = -1;
  int64_t weights = INT64_MAX;
  for (const double energy : {0.95, 0.8, 0.5}) {
    const Graph small = low_rank(graph, {.energy = {.all = energy, .by_key = {}}, .rank = {}});
    EXPECT_LT(parameter_count(small), weights) << energy;
    EXPECT_GT(relative_difference(graph, small), error) << energy;
    weights = parameter_count(small);
    error = relative_difference(graph, small);
  }
}

TEST(LowRank, LeavesGroupedLayersAndThoseThatWouldGrow) {
  const Graph graph = net_of(3);
  const Graph small =
      low_rank(graph, {.energy = {.all = 1, .by_key = {}}, .rank = {.all = {}, .by_key = {{"grouped", 1}}}});
  for (const Node& node : small.nodes) EXPECT_NE(node_name(small, node), "grouped_basis");
  EXPECT_EQ(evaluate(small, {image(small, 1)}).at(0).shape, evaluate(graph, {image(graph, 1)}).at(0).shape);
}

TEST(LowRank, RefusesWhatIsOutOfRange) {
  EXPECT_THROW(low_rank(net_of(1), {.energy = {.all = 1.5, .by_key = {}}, .rank = {}}), Error);
  EXPECT_THROW(low_rank(net_of(1), {.energy = {}, .rank = {.all = 0, .by_key = {}}}), Error);
  EXPECT_THROW(low_rank(net_of(1), {.energy = {.all = {}, .by_key = {{"conv9", 0.5}}}, .rank = {}}), Error);
  EXPECT_THROW(parse_low_rank_form("diagonal"), Error);
}

}  // namespace
}  // namespace netsuke::compress
