#include "graph/graph.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "graph/builder.h"
#include "graph/cost.h"
#include "graph/preprocess.h"

namespace netsuke {
namespace {

Graph small() {
  Builder b("small");
  const ValueId x = b.input("data", {1, 8, 8});
  const ValueId c = b.conv("conv1", x, 4, {3, 3});
  const ValueId p = b.apply("pool1", MaxPool{}, {c});
  const ValueId f = b.apply("flat", Flatten{}, {p});
  return b.finish({b.linear("ip1", f, 10)});
}

TEST(Graph, parameters_come_in_node_order_with_their_roles) {
  const Graph g = small();
  const auto found = parameters(g);
  ASSERT_EQ(found.size(), 4u);
  EXPECT_EQ(g.values[found[0].value].name, "conv1.weight");
  EXPECT_EQ(found[3].role, "bias");
  EXPECT_EQ(parameter_count(g), 4 * 9 + 4 + 36 * 10 + 10);
}

TEST(Graph, cost_counts_one_multiply_add_once) {
  const Graph g = small();
  EXPECT_EQ(total_macs(g), 36 * 4 * 9 + 36 * 10);
  EXPECT_EQ(bytes_fp32(g), 4 * parameter_count(g));
  EXPECT_EQ(cost(g)[0].activation_bytes, 4 * 36 * 4);
}

TEST(Graph, verify_refuses_what_cannot_be_computed) {
  const auto refused = [](auto&& damage) {
    Graph g = small();
    damage(g);
    EXPECT_THROW(verify(g), Error);
  };
  refused([](Graph& g) { g.nodes[0].inputs[0] = 99; });
  refused([](Graph& g) { std::swap(g.nodes[0], g.nodes[1]); });
  refused([](Graph& g) { g.nodes[1].output = g.nodes[0].output; });
  refused([](Graph& g) { g.nodes[1].inputs.push_back(0); });
  refused([](Graph& g) { g.values[0].name = "conv1"; });
  refused([](Graph& g) { g.values[0].name.clear(); });
  refused([](Graph& g) { g.outputs.clear(); });
  refused([](Graph& g) { g.outputs = {1000}; });
  refused([](Graph& g) { g.values[1].weight = make_weight({4}, Dense{{1}}); });
}

TEST(Graph, the_same_seed_draws_the_same_weights) { EXPECT_EQ(small(), small()); }

TEST(Preprocess, survives_the_metadata_and_maps_pixels) {
  Graph g = small();
  const Preprocess p{.scale = 1, .mean = {104, 117, 123}, .std = {2}, .order = "bgr"};
  set_preprocess(g, p);
  EXPECT_EQ(preprocess_of(g), p);
  const uint8_t rgb[] = {10, 20, 30};
  float out[3];
  apply(p, rgb, 3, 1, out);
  EXPECT_FLOAT_EQ(out[0], (30 - 104) / 2.0f);
  EXPECT_FLOAT_EQ(out[2], (10 - 123) / 2.0f);
  g.metadata["input.order"] = "grb";
  EXPECT_THROW(preprocess_of(g), Error);
}

TEST(Cost, peak_is_the_largest_set_alive_at_once) {
  Builder b("branches");
  const ValueId x = b.input("data", {2, 4, 4});                       // 128 bytes
  const ValueId left = b.apply("left", Relu{}, {x});                  // 128
  const ValueId right = b.apply("right", Relu{}, {x});                // 128; all three are alive
  const ValueId joined = b.apply("joined", Concat{}, {left, right});  // 256; x is dead
  EXPECT_EQ(peak_activation_bytes(b.finish({joined})), 512);
}

TEST(Cost, layer_shares_tell_kinds_of_convolutions_apart) {
  Builder b("kinds");
  ValueId x = b.input("data", {4, 8, 8});
  x = b.conv("full", x, 8, {3, 3}, {.pad = {1, 1, 1, 1}}, false);
  x = b.conv("depthwise", x, 8, {3, 3}, {.pad = {1, 1, 1, 1}, .groups = 8}, false);
  x = b.conv("grouped", x, 8, {1, 1}, {.groups = 2}, false);
  x = b.conv("pointwise", x, 2, {1, 1}, {}, false);
  x = b.batch_norm("norm", x);
  const std::vector<LayerShare> shares =
      layer_shares(b.finish({b.linear("ip", b.apply("flat", Flatten{}, {x}), 3, false)}));
  const auto parameters = [&](size_t i) { return shares.at(i).parameters; };
  EXPECT_EQ(parameters(0), 16);         // conv 1x1
  EXPECT_EQ(parameters(1), 72);         // depthwise
  EXPECT_EQ(parameters(2), 32);         // grouped
  EXPECT_EQ(parameters(3), 4 * 8 * 9);  // conv
  EXPECT_EQ(parameters(4), 128 * 3);    // linear
  EXPECT_EQ(parameters(5), 4);          // scale and bias of the norm: running statistics are not learned
  EXPECT_EQ(shares[3].macs, 4 * 8 * 9 * 64);
}

}  // namespace
}  // namespace netsuke
