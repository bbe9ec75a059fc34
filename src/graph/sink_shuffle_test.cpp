#include "graph/passes/sink_shuffle.h"

#include <gtest/gtest.h>

#include "base/random.h"
#include "base/text.h"
#include "graph/builder.h"
#include "graph/evaluate.h"
#include "graph/test_support.h"

namespace netsuke {
namespace {

/// shuffle -> depthwise convolution -> grouped 1x1 convolution, of sizes at random.
Graph unit(uint64_t seed) {
  Random random(seed);
  Builder net("unit", seed);
  const int groups = 2 + static_cast<int>(random.below(3)), per_group = 1 + static_cast<int>(random.below(6)),
            channels = groups * per_group, stride = 1 + static_cast<int>(random.below(2));
  const ValueId x = net.input("data", {channels, 6, 5});
  ValueId y = net.apply("shuffle", ChannelShuffle{groups}, {x});
  y = net.conv("depthwise", y, channels, {3, 3},
               {.stride = {stride, stride}, .pad = {1, 1, 1, 1}, .groups = channels}, random.below(2) == 0);
  return net.finish({net.conv("pointwise", y, 2 * groups, {1, 1}, {.groups = groups})});
}

TEST(SinkShuffle, StandsBehindTheDepthwiseConvolutionAndChangesNoAnswer) {
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    SCOPED_TRACE(cat("seed ", seed));
    const Graph graph = unit(seed), sunk = sink_channel_shuffles(graph);
    ASSERT_TRUE(std::holds_alternative<Conv2d>(sunk.nodes[0].op));
    EXPECT_EQ(node_name(sunk, sunk.nodes[0]), "depthwise");
    ASSERT_TRUE(std::holds_alternative<ChannelShuffle>(sunk.nodes[1].op));
    const Tensor batch = random_batch(graph, seed);
    EXPECT_EQ(evaluate(graph, {batch})[0], evaluate(sunk, {batch})[0]);
  }
}

TEST(SinkShuffle, LeavesTheDepthwiseConvolutionItsActivation) {
  Builder net("relu");
  ValueId x = net.apply("shuffle", ChannelShuffle{2}, {net.input("data", {4, 3, 3})});
  x = net.conv("depthwise", x, 4, {3, 3}, {.pad = {1, 1, 1, 1}, .groups = 4});
  const Graph graph = net.finish({net.conv("last", net.apply("relu", Relu{}, {x}), 4, {1, 1})});
  EXPECT_EQ(sink_channel_shuffles(graph), graph);
}

TEST(SinkShuffle, StaysWhereOthersReadItToo) {
  Builder net("both");
  const ValueId x = net.apply("shuffle", ChannelShuffle{2}, {net.input("data", {4, 3, 3})});
  const ValueId y = net.conv("depthwise", x, 4, {3, 3}, {.pad = {1, 1, 1, 1}, .groups = 4});
  const Graph graph = net.finish({net.apply("sum", Add{}, {x, y})});
  EXPECT_EQ(sink_channel_shuffles(graph), graph);
}

}  // namespace
}  // namespace netsuke
