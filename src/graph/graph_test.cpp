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

}  // namespace
}  // namespace netsuke
