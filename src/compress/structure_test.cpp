#include "compress/structure.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/random.h"
#include "graph/builder.h"

namespace netsuke::compress {
namespace {

TEST(Structure, FindsBinaryWeights) {
  Builder net("binary", 1);
  Graph graph = net.finish({net.linear("fc", net.input("data", {40}), 4, false)});
  WeightPtr& weight = graph.values[find_value(graph, "fc.weight")].weight;
  const Signs signs{{0.5f, 0.25f, 1, 3}, sign_words(to_dense(*weight).data), {}};
  const Tensor dense = to_dense(*make_weight(weight->shape, signs));
  weight = make_dense(dense);
  const Graph found = with_found_structure(graph);
  EXPECT_EQ(std::get<Signs>(found.values[find_value(found, "fc.weight")].weight->encoding), signs);
  Tensor spoiled = dense;
  spoiled.data[17] *= 1.5f;
  weight = make_dense(spoiled);
  const Graph other = with_found_structure(graph);
  EXPECT_FALSE(std::holds_alternative<Signs>(other.values[find_value(other, "fc.weight")].weight->encoding));
}

WeightPtr found_in(std::vector<float> values) {
  Builder b("net");
  const auto n = static_cast<int64_t>(values.size());
  Graph g = b.finish({b.linear("ip", b.apply("flat", Flatten{}, {b.input("x", {1, 1, n})}), 1)});
  WeightPtr& weight = g.values[find_value(g, "ip.weight")].weight;
  weight = make_dense(Tensor({1, n}, values));
  const WeightPtr found = with_found_structure(g).values[find_value(g, "ip.weight")].weight;
  verify(*found, "found");
  const std::vector<float> back = to_dense(*found).data;
  for (size_t i = 0; i < values.size(); ++i) {
    EXPECT_EQ(back[i], values[i]);
    EXPECT_EQ(std::signbit(back[i]), std::signbit(values[i])) << "at " << i;
  }
  return found;
}

std::vector<float> values_of(size_t count, double zeros, uint64_t distinct) {
  Random random(11);
  std::vector<float> values;
  for (size_t i = 0; i < count; ++i)
    values.push_back(random.uniform() < zeros ? 0.0f : static_cast<float>(1 + random.below(distinct)) / 7);
  return values;
}

TEST(FoundStructure, tells_pruned_and_shared_from_dense) {
  EXPECT_EQ(encoding_name(found_in(values_of(4000, 0.7, 50))->encoding), "sparse+codebook");
  EXPECT_EQ(encoding_name(found_in(values_of(4000, 0.0, 50))->encoding), "codebook");
  EXPECT_EQ(encoding_name(found_in(values_of(4000, 0.7, 1u << 22))->encoding), "sparse");
  EXPECT_EQ(encoding_name(found_in(values_of(4000, 0.0, 1u << 22))->encoding), "dense");
}

TEST(FoundStructure, keeps_the_sign_of_zero) {
  std::vector<float> values = values_of(1000, 0.8, 9);
  values[3] = -0.0f, values[4] = 0.0f;
  found_in(values);
}

TEST(FoundStructure, leaves_small_weights_alone) {
  EXPECT_EQ(encoding_name(found_in(std::vector<float>(10, 0.0f))->encoding), "dense");
}

}  // namespace
}  // namespace netsuke::compress
