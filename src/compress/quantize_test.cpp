#include "compress/quantize.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/random.h"
#include "graph/builder.h"

namespace netsuke::compress {
namespace {

using testing::ElementsAre;

WeightPtr vector_of(std::vector<float> values) {
  const auto count = static_cast<int64_t>(values.size());
  return make_dense(Tensor({count}, std::move(values)));
}

void expect_grid(const std::vector<float>& centroids) {
  if (centroids.size() < 2) return;
  const float low = centroids[0];
  // The step is not stored, but some float must give every centroid; the last one pins it down to a few
  // candidates.
  float step = static_cast<float>((static_cast<double>(centroids.back()) - low) /
                                  static_cast<double>(centroids.size() - 1));
  for (int i = 0; i < 64; ++i) step = std::nextafter(step, -INFINITY);
  const auto fits = [&](float candidate) {
    for (size_t i = 0; i < centroids.size(); ++i)
      if (grid_point(low, candidate, i) != centroids[i]) return false;
    return true;
  };
  for (int i = 0; i < 128; ++i, step = std::nextafter(step, INFINITY))
    if (fits(step)) return;
  ADD_FAILURE() << "centroids are no arithmetic progression";
}

TEST(Quantize, MovesNoValueByMoreThanHalfAStep) {
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    std::vector<float> values(2 + random.below(300));
    const double offset = random.uniform(-2, 2);
    for (float& value : values) value = static_cast<float>(random.normal() + offset);
    if (seed % 3 == 0) values[random.below(values.size())] = 0;
    const int bits = 1 + static_cast<int>(random.below(10));
    const WeightPtr rounded = quantize(*vector_of(values), bits);
    verify(*rounded, "rounded");
    const auto& codebook = std::get<Codebook>(rounded->encoding);
    EXPECT_LE(codebook.centroids.size(), size_t{1} << bits);
    expect_grid(codebook.centroids);
    const auto [low, high] = std::minmax_element(values.begin(), values.end());
    const double step = (static_cast<double>(*high) - *low) / ((1 << bits) - 1);
    const std::vector<float> after = kept_values(*rounded);
    for (size_t i = 0; i < values.size(); ++i) {
      EXPECT_NEAR(after[i], values[i], step * 0.5001 + 1e-6);
      EXPECT_TRUE(values[i] != 0 || after[i] == 0) << after[i];
    }
  }
}

TEST(Quantize, HandlesFewAndEqualValues) {
  EXPECT_THAT(kept_values(*quantize(*vector_of({3, 3, 3}), 4)), ElementsAre(3, 3, 3));
  EXPECT_THAT(kept_values(*quantize(*vector_of({0, 0}), 4)), ElementsAre(0, 0));
  EXPECT_THAT(kept_values(*quantize(*vector_of({-1, 2}), 1)), ElementsAre(-1, 2));
  EXPECT_THAT(kept_values(*quantize(*vector_of({0, 1, 2, 3}), 2)), ElementsAre(0, 1, 2, 3));
  EXPECT_EQ(weight_count(*quantize(*vector_of({}), 2)), 0);
  EXPECT_THROW(quantize(*vector_of({1}), 0), Error);
  EXPECT_THROW(quantize(*vector_of({1}), 17), Error);
}

TEST(Quantize, PrunedWeightsStayPruned) {
  const Weight sparse{{6}, Sparse{{1, 4}, {-1, 3}}};
  const WeightPtr rounded = quantize(sparse, 2);
  EXPECT_THAT(to_dense(*rounded).data, ElementsAre(0, -1, 0, 0, 3, 0));
}

TEST(RoundVectors, TouchesBiasesThatGetSmaller) {
  Builder net("net");
  ValueId x = net.input("data", {8});
  x = net.linear("ip1", x, 50);
  x = net.linear("ip2", x, 2);
  Graph graph = net.finish({x});
  Random random(2);
  for (const Target& target : vector_targets(graph)) {
    Tensor bias(graph.values[target.value].weight->shape);
    for (float& value : bias.data) value = static_cast<float>(random.normal());
    graph.values[target.value].weight = make_dense(std::move(bias));
  }
  const Graph rounded = round_vectors(graph, {.all = {}, .by_key = {{"bias", 8}}});
  const auto weight = [](const Graph& g, size_t i) { return *g.values[vector_targets(g)[i].value].weight; };
  EXPECT_EQ(encoding_name(weight(rounded, 0).encoding), "codebook");
  EXPECT_EQ(weight(rounded, 1), weight(graph, 1)) << "two values are smaller as they are";
  EXPECT_EQ(round_vectors(graph, {.all = {}, .by_key = {{"norm", 8}}}), graph);
}

// The variances of a trained DenseNet's norms span four powers of ten: on one grid the small ones would be
// lost.
TEST(RoundVectors, KeepsEveryChannelOfABatchNorm) {
  constexpr int kChannels = 60;
  Builder net("net");
  const ValueId x = net.batch_norm("bn", net.input("data", {kChannels, 2, 2}));
  Graph graph = net.finish({x});
  Random random(3);
  const auto values = [&](size_t input) -> std::vector<float> {
    return to_dense(*graph.values[graph.nodes[0].inputs[input]].weight).data;
  };
  std::vector<std::vector<float>> vectors(5, std::vector<float>(kChannels));
  for (size_t c = 0; c < kChannels; ++c) {
    const auto deviation = static_cast<float>(std::pow(10, random.uniform(-2, 0.5)));
    vectors[1][c] = static_cast<float>(random.uniform(0.1, 2));
    vectors[2][c] = static_cast<float>(random.normal());
    vectors[3][c] = 2 * deviation * static_cast<float>(random.normal());
    vectors[4][c] = deviation * deviation;
  }
  for (size_t i = 1; i < 5; ++i)
    graph.values[graph.nodes[0].inputs[i]].weight = make_dense(Tensor({kChannels}, vectors[i]));
  graph = round_vectors(graph, {.all = 8, .by_key = {}});
  const std::vector<float> scale = values(1), bias = values(2), mean = values(3), variance = values(4);
  EXPECT_NE(scale, vectors[1]);
  EXPECT_NE(mean, vectors[3]);
  EXPECT_NE(variance, vectors[4]);
  for (size_t c = 0; c < kChannels; ++c) {
    SCOPED_TRACE(c);
    const auto answer = [](float z, float s, float b, float m, float v) {
      return s * (z - m) / std::sqrt(v) + b;
    };
    for (const float off : {-1.0f, 0.0f, 1.0f}) {
      const float z = vectors[3][c] + off * std::sqrt(vectors[4][c]);
      const float exact = answer(z, vectors[1][c], vectors[2][c], vectors[3][c], vectors[4][c]);
      EXPECT_NEAR(answer(z, scale[c], bias[c], mean[c], variance[c]), exact, 0.03 * vectors[1][c] + 0.02);
    }
  }
}

}  // namespace
}  // namespace netsuke::compress
