#include "compress/allocate.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "graph/builder.h"
#include "model/write.h"

namespace netsuke::compress {
namespace {

/// Two linear layers of equal size and make.
Graph twins() {
  Builder net("twins", 5);
  ValueId x = net.input("data", {100});
  x = net.apply("relu", Relu{}, {net.linear("first", x, 100)});
  return net.finish({net.linear("second", x, 100)});
}

/// Every weight of a layer has the same curvature.
Curvature curvature_of(const Graph& graph, std::map<std::string, float> by_layer) {
  Curvature curvature(graph.values.size());
  for (const Target& target : weight_targets(graph)) {
    const auto count = static_cast<size_t>(weight_count(*graph.values[target.value].weight));
    curvature[target.value].assign(count, by_layer.at(target.name));
  }
  return curvature;
}

const LayerAllocation& layer(const Allocation& allocation, const std::string& name) {
  for (const LayerAllocation& l : allocation.layers)
    if (l.target.name == name) return l;
  throw std::out_of_range(name);
}

TEST(Allocate, LayersThatMatterKeepMore) {
  const Graph graph = twins();
  const Curvature curvature = curvature_of(graph, {{"first", 1.0f}, {"second", 20.0f}});
  const Allocation a =
      allocate(graph, curvature, {.bytes = 4000, .times = {}, .least_kept = 0.01, .coding = {}});
  EXPECT_GT(layer(a, "second").kept, 2 * layer(a, "first").kept);
  const Allocation equal = allocate(graph, curvature_of(graph, {{"first", 1.0f}, {"second", 1.0f}}),
                                    {.bytes = 4000, .times = {}, .least_kept = 0.01, .coding = {}});
  EXPECT_NEAR(
      static_cast<double>(layer(equal, "second").kept) / static_cast<double>(layer(equal, "first").kept), 1,
      0.1);
}

TEST(Allocate, TheFileHasAboutTheBytesAskedFor) {
  const Graph graph = twins();
  const Curvature curvature = curvature_of(graph, {{"first", 1.0f}, {"second", 3.0f}});
  for (const double bytes : {3000.0, 5000.0}) {
    const Allocation a =
        allocate(graph, curvature, {.bytes = bytes, .times = {}, .least_kept = 0.01, .coding = {}});
    EXPECT_NEAR(a.bytes, bytes, 0.02 * bytes);
    const Graph pruned = prune_as(graph, curvature, a);
    for (const LayerAllocation& l : a.layers)
      EXPECT_EQ(kept_count(*pruned.values[l.target.value].weight), l.kept) << l.target.name;
    const Graph shared = share_at(pruned, curvature, a.slope, 32);
    const Written written = write_model(shared);
    // Biases, graph and headers are not in the expectation of a first file: about 1,100 bytes.
    const double rest = CodingModel(written.graph, written.ledger).rest();
    EXPECT_NEAR(static_cast<double>(written.bytes.size()) - rest, bytes, 0.1 * bytes);
  }
}

TEST(Allocate, AWrittenFileTeachesWhatCodingMakesOfEntropy) {
  const Graph graph = twins();
  const Curvature curvature = curvature_of(graph, {{"first", 1.0f}, {"second", 3.0f}});
  AllocateOptions options{.bytes = 5000, .times = {}, .least_kept = 0.01, .coding = {}};
  const auto file = [&] {
    const Allocation a = allocate(graph, curvature, options);
    return write_model(share_at(prune_as(graph, curvature, a), curvature, a.slope, 32));
  };
  const Written first = file();
  options.coding = CodingModel(first.graph, first.ledger);
  EXPECT_NEAR(static_cast<double>(file().bytes.size()), 5000, 150);
}

TEST(Allocate, NoLayerLosesMoreThanItMayAtOnce) {
  const Graph graph = twins();
  const Curvature curvature = curvature_of(graph, {{"first", 0.001f}, {"second", 1.0f}});
  const Allocation a =
      allocate(graph, curvature, {.bytes = 10, .times = {}, .least_kept = 0.4, .coding = {}});
  for (const LayerAllocation& l : a.layers) {
    EXPECT_GE(l.kept, 4000) << l.target.name;
    EXPECT_LE(l.kept, 4400) << l.target.name;
  }
  // The codes are not crushed instead: pruned and shared at its slope, layers still tell many values apart.
  const Graph shared = share_at(prune_as(graph, curvature, a), curvature, a.slope, 32);
  EXPECT_GE(value_bits(*shared.values[layer(a, "second").target.value].weight), 2);
  EXPECT_GT(a.bytes, 10);
}

/// The sparse kernel is faster than the dense one (100 us) where less than a share of the weights is left,
/// and takes time in proportion to it.
LayerTimes times_of(std::map<std::string, double> break_even) {
  return [break_even](const std::string& layer, int64_t kept) {
    return 1e5 * std::min(1.0, static_cast<double>(kept) / (1e4 * break_even.at(layer)));
  };
}

TEST(Allocate, TimeIsTakenOffWhereFewerWeightsAreFaster) {
  const Graph graph = twins();
  const Curvature curvature = curvature_of(graph, {{"first", 1.0f}, {"second", 1.0f}});
  const Allocation a = allocate(
      graph, curvature,
      {.ns = 1.6e5, .times = times_of({{"first", 0.8}, {"second", 0.01}}), .least_kept = 0.05, .coding = {}});
  EXPECT_EQ(layer(a, "second").kept, 10'000) << "pruned for nothing";
  EXPECT_NEAR(static_cast<double>(layer(a, "first").kept), 0.6 * 8000, 150);
  EXPECT_NEAR(a.ns, 1.6e5, 0.03e5);
  EXPECT_EQ(a.slope, 0) << "bytes are free";
}

TEST(Allocate, ANetworkThatIsFastEnoughKeepsItsWeights) {
  const Graph graph = twins();
  const Curvature curvature = curvature_of(graph, {{"first", 1.0f}, {"second", 1.0f}});
  const Allocation a = allocate(
      graph, curvature, {.ns = 3e5, .times = times_of({{"first", 0.8}, {"second", 0.8}}), .coding = {}});
  for (const LayerAllocation& l : a.layers) EXPECT_EQ(l.kept, 10'000) << l.target.name;
}

TEST(Allocate, MeetsBytesAndTimeTogether) {
  const Graph graph = twins();
  const Curvature curvature = curvature_of(graph, {{"first", 1.0f}, {"second", 1.0f}});
  const Allocation a = allocate(graph, curvature,
                                {.bytes = 5000,
                                 .ns = 1.4e5,
                                 .times = times_of({{"first", 0.5}, {"second", 0.01}}),
                                 .least_kept = 0.01,
                                 .coding = {}});
  EXPECT_LE(a.ns, 1.41e5);
  EXPECT_NEAR(a.bytes, 5000, 100);
  EXPECT_LT(layer(a, "first").kept, layer(a, "second").kept);
}

TEST(Allocate, RefusesABudgetItKnowsNothingOf) {
  const Graph graph = twins();
  const Curvature curvature = curvature_of(graph, {{"first", 1.0f}, {"second", 1.0f}});
  EXPECT_THROW(allocate(graph, curvature, {.ns = 1e5, .times = {}, .coding = {}}), Error);
  EXPECT_THROW(allocate(graph, curvature, {.times = {}, .coding = {}}), Error);
}

TEST(Allocate, RefusesCurvatureOfAnotherGraph) {
  const Graph graph = twins();
  Curvature curvature = curvature_of(graph, {{"first", 1.0f}, {"second", 1.0f}});
  for (auto& values : curvature) values.resize(values.size() / 2);
  EXPECT_THROW(allocate(graph, curvature, {.bytes = 1000, .times = {}, .coding = {}}), Error);
}

}  // namespace
}  // namespace netsuke::compress
