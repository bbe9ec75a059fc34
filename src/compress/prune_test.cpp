#include "compress/prune.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/random.h"
#include "compress/dropout.h"
#include "compress/mask.h"
#include "graph/builder.h"

namespace netsuke::compress {
namespace {

using testing::ElementsAre;

Graph net_of(uint64_t seed) {
  Builder net("net", seed);
  ValueId x = net.input("data", {1, 8, 8});
  x = net.conv("conv1", x, 4, {3, 3});
  x = net.apply("flatten", Flatten{}, {x});
  x = net.linear("ip1", x, 20);
  x = net.apply("drop1", Dropout{0.5f}, {x});
  x = net.linear("ip2", x, 5);
  return net.finish({x});
}

const Weight& weight_of(const Graph& graph, std::string_view layer) {
  for (const Target& target : weight_targets(graph))
    if (target.name == layer) return *graph.values[target.value].weight;
  throw std::out_of_range(std::string(layer));
}

/// A linear layer of one output with these weights.
Graph row_of(std::vector<float> values) {
  Builder net("row");
  const auto count = static_cast<int64_t>(values.size());
  const ValueId x = net.linear("ip", net.input("data", {count}), 1);
  Graph graph = net.finish({x});
  graph.values[weight_targets(graph)[0].value].weight = make_dense(Tensor({1, count}, std::move(values)));
  return graph;
}

TEST(Prune, KeepsTheLargestAndOfEqualOnesTheFirst) {
  const Graph graph = row_of({1, -3, 2, 2, -2, 0.5});
  const Graph pruned = prune_to_density(graph, {.all = 0.5, .by_key = {}});
  const auto& sparse = std::get<Sparse>(weight_of(pruned, "ip").encoding);
  EXPECT_THAT(sparse.positions, ElementsAre(1, 2, 3));
  EXPECT_THAT(sparse.values, ElementsAre(-3, 2, 2));
}

TEST(Prune, QualityCountsStandardDeviations) {
  // mean 0, standard deviation 2
  const Graph graph = row_of({1, -1, 3, -3, 1, -1, std::sqrt(5.0f), -std::sqrt(5.0f)});
  EXPECT_THAT(std::get<Sparse>(weight_of(prune_by_quality(graph, {.all = 1.0, .by_key = {}}), "ip").encoding)
                  .positions,
              ElementsAre(2, 3, 6, 7));
  EXPECT_THAT(std::get<Sparse>(weight_of(prune_by_quality(graph, {.all = 1.2, .by_key = {}}), "ip").encoding)
                  .positions,
              ElementsAre(2, 3));
  EXPECT_EQ(kept_count(weight_of(prune_by_quality(graph, {.all = 0.0, .by_key = {}}), "ip")), 8);
}

TEST(Prune, DensityIsExactAndSurvivorsKeepTheirValues) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    const Graph graph = net_of(seed);
    const double wanted = random.uniform();
    const Graph pruned = prune_to_density(graph, {.all = {}, .by_key = {{"ip1", wanted}}});
    const Weight &before = weight_of(graph, "ip1"), &after = weight_of(pruned, "ip1");
    EXPECT_EQ(kept_count(after), std::llround(wanted * static_cast<double>(weight_count(before))));
    EXPECT_EQ(weight_of(pruned, "conv1"), weight_of(graph, "conv1"));
    const Tensor old_values = to_dense(before), new_values = to_dense(after);
    float largest_gone = 0, least_kept = INFINITY;
    for (size_t i = 0; i < old_values.size(); ++i) {
      const float magnitude = std::fabs(old_values.data[i]);
      if (new_values.data[i] == 0) {
        largest_gone = std::max(largest_gone, magnitude);
      } else {
        EXPECT_EQ(new_values.data[i], old_values.data[i]);
        least_kept = std::min(least_kept, magnitude);
      }
    }
    EXPECT_GE(least_kept, largest_gone);
    verify(pruned);
  }
}

TEST(Prune, RoundsOfPruningEndWhereOneRoundDoes) {
  const Graph graph = net_of(3);
  Graph rounds = graph;
  for (int round = 1; round <= 4; ++round)
    rounds = prune_to_density(rounds, {.all = scheduled_density(0.1, round, 4), .by_key = {}});
  EXPECT_EQ(rounds, prune_to_density(graph, {.all = 0.1, .by_key = {}}));
  EXPECT_EQ(rounds, prune_to_density(rounds, {.all = 0.5, .by_key = {}})) << "the pruned came back";
}

TEST(Prune, GlobalDensityCountsAllLayers) {
  const Graph graph = net_of(5);
  const std::vector<std::string> all = {"*"};
  int64_t elements = 0, kept = 0, kept_scaled = 0;
  const Graph pruned = prune_globally(graph, 0.2, false, all), scaled = prune_globally(graph, 0.2, true, all);
  float least_kept = INFINITY;
  for (const Target& target : weight_targets(graph)) {
    elements += weight_count(weight_of(graph, target.name));
    kept += kept_count(weight_of(pruned, target.name));
    kept_scaled += kept_count(weight_of(scaled, target.name));
    for (float value : kept_values(weight_of(pruned, target.name)))
      least_kept = std::min(least_kept, std::fabs(value));
  }
  EXPECT_EQ(kept, std::llround(0.2 * static_cast<double>(elements)));
  EXPECT_EQ(kept_scaled, kept);
  // He initialisation gives the wide layer the smallest weights: scaling must spare more of them.
  EXPECT_GT(density(weight_of(scaled, "ip1")), density(weight_of(pruned, "ip1")));
  for (const Target& target : weight_targets(graph)) {
    int64_t at_least = 0;
    for (float value : kept_values(weight_of(graph, target.name))) at_least += std::fabs(value) >= least_kept;
    EXPECT_EQ(kept_count(weight_of(pruned, target.name)), at_least) << target.name;
  }
  EXPECT_EQ(weight_of(prune_globally(graph, 0.2, false, std::vector<std::string>{"ip*"}), "conv1"),
            weight_of(graph, "conv1"));
}

TEST(Prune, SharedWeightsKeepTheirCodes) {
  Graph graph = row_of({1, 2, 3, 4});
  WeightPtr& weight = graph.values[weight_targets(graph)[0].value].weight;
  weight = make_weight({1, 4}, Codebook{{-2, 1}, {0, 1, 1, 0}});
  const Graph pruned = prune_to_density(graph, {.all = 0.5, .by_key = {}});
  EXPECT_EQ(std::get<SparseCodebook>(weight_of(pruned, "ip").encoding),
            (SparseCodebook{{-2, 1}, {0, 3}, {0, 0}}));
  const Graph again = prune_to_density(pruned, {.all = 0.25, .by_key = {}});
  EXPECT_EQ(std::get<SparseCodebook>(weight_of(again, "ip").encoding), (SparseCodebook{{-2, 1}, {0}, {0}}));
}

TEST(Prune, NonsenseIsRefused) {
  const Graph graph = net_of(1);
  EXPECT_THROW(prune_to_density(graph, {.all = 1.1, .by_key = {}}), Error);
  EXPECT_THROW(prune_to_density(graph, {.all = std::nan(""), .by_key = {}}), Error);
  EXPECT_THROW(prune_by_quality(graph, {.all = -1.0, .by_key = {}}), Error);
  EXPECT_THROW(prune_globally(graph, 0.5, false, std::vector<std::string>{"fc"}), Error);
  EXPECT_THROW(parse_schedule("linear"), Error);
  EXPECT_THROW(scheduled_density(0.1, 0, 3), Error);
}

TEST(Schedule, FallsFromRoundToRoundToItsEnd) {
  EXPECT_DOUBLE_EQ(scheduled_density(0.01, 1, 2), 0.1);
  for (const Schedule schedule : {Schedule::geometric, Schedule::cubic}) {
    double previous = 1;
    for (int round = 1; round <= 5; ++round) {
      const double density = scheduled_density(0.08, round, 5, schedule);
      EXPECT_LT(density, previous);
      previous = density;
    }
    EXPECT_EQ(previous, 0.08);
  }
}

TEST(DropoutRatio, FollowsTheConnectionsOfTheReader) {
  const Graph graph = net_of(2);
  const Graph pruned = prune_to_density(graph, {.all = {}, .by_key = {{"ip1", 0.5}, {"ip2", 0.16}}});
  const Graph adjusted = adjust_dropout(pruned, graph);
  const auto is_dropout = [](const Node& node) { return std::holds_alternative<Dropout>(node.op); };
  const auto node = std::find_if(adjusted.nodes.begin(), adjusted.nodes.end(), is_dropout);
  EXPECT_FLOAT_EQ(std::get<Dropout>(node->op).ratio, 0.5f * 0.4f);
  EXPECT_EQ(adjust_dropout(adjusted, graph), adjusted) << "adjusting twice must not shrink the ratio twice";
}

}  // namespace
}  // namespace netsuke::compress
