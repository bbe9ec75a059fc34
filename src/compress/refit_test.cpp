#include "compress/refit.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/random.h"
#include "compress/kmeans.h"

namespace netsuke::compress {
namespace {

constexpr size_t kInputs = 6, kOutputs = 4, kRows = 200;

std::vector<float> normals(size_t count, uint64_t seed) {
  Random random(seed);
  std::vector<float> values(count);
  for (float& value : values) value = static_cast<float>(random.normal());
  return values;
}

/// x, and y = W x + b exactly.
struct Layer {
  std::vector<float> w = normals(kOutputs * kInputs, 1), b = normals(kOutputs, 2),
                     x = normals(kRows * kInputs, 3), y;
  Layer() {
    for (float& value : x) value += 0.5f;  // a mean that is not zero, so that the bias matters
    for (size_t r = 0; r < kRows; ++r)
      for (size_t o = 0; o < kOutputs; ++o) {
        double sum = b[o];
        for (size_t i = 0; i < kInputs; ++i)
          sum += static_cast<double>(w[o * kInputs + i]) * static_cast<double>(x[r * kInputs + i]);
        y.push_back(static_cast<float>(sum));
      }
  }
  LayerStatistics statistics() const {
    LayerStatistics s(kInputs, kOutputs);
    s.add(std::span(x).first(x.size() / 2), std::span(y).first(y.size() / 2));
    s.add(std::span(x).last(x.size() / 2), std::span(y).last(y.size() / 2));
    return s;
  }
  double error(const Weight& weight, const std::vector<float>& bias) const {
    const Tensor dense = to_dense(weight);
    double error = 0, all = 0;
    for (size_t r = 0; r < kRows; ++r)
      for (size_t o = 0; o < kOutputs; ++o) {
        double sum = bias.empty() ? 0 : bias[o];
        for (size_t i = 0; i < kInputs; ++i)
          sum += static_cast<double>(dense.data[o * kInputs + i]) * static_cast<double>(x[r * kInputs + i]);
        const double wanted = y[r * kOutputs + o];
        error += (sum - wanted) * (sum - wanted);
        all += wanted * wanted;
      }
    return error / all;
  }
};

const Shape kShape{kOutputs, kInputs};

TEST(Refit, FindsTheLayerThatGaveTheAnswers) {
  const Layer layer;
  const auto zeros = make_weight(kShape, Dense{std::vector<float>(kOutputs * kInputs)});
  const Refit found = refit(*zeros, std::vector<float>(kOutputs), layer.statistics(), 1e-9);
  for (size_t i = 0; i < layer.w.size(); ++i) EXPECT_NEAR(to_dense(*found.weight).data[i], layer.w[i], 1e-3);
  for (size_t o = 0; o < kOutputs; ++o) EXPECT_NEAR(found.bias[o], layer.b[o], 1e-3);
  EXPECT_LT(found.error_after, 1e-6);
}

TEST(Refit, SaysWhatAnswersComeOut) {
  const Layer layer;
  const auto pruned = make_weight(kShape, Sparse{{0, 3, 7, 10, 11, 16, 20, 22}, normals(8, 5)});
  const Refit found = refit(*pruned, layer.b, layer.statistics(), 0.001);
  EXPECT_NEAR(found.error_before, layer.error(*pruned, layer.b), 1e-5);
  EXPECT_NEAR(found.error_after, layer.error(*found.weight, found.bias), 1e-5);
  EXPECT_LT(found.error_after, found.error_before);
  EXPECT_EQ(std::get<Sparse>(found.weight->encoding).positions, std::get<Sparse>(pruned->encoding).positions);
}

TEST(Refit, NoOtherCentroidsAreBetter) {
  const Layer layer;
  Clustering clusters = k_means(layer.w, {.clusters = 3});
  const auto shared = make_weight(kShape, Codebook{clusters.centroids, clusters.codes});
  const Refit found = refit(*shared, layer.b, layer.statistics(), 1e-9);
  EXPECT_LT(found.error_after, found.error_before);
  const auto& best = std::get<Codebook>(found.weight->encoding);
  EXPECT_EQ(best.codes, clusters.codes);
  for (size_t c = 0; c < best.centroids.size(); ++c)
    for (const float step : {-0.01f, 0.01f}) {
      Codebook moved = best;
      moved.centroids[c] += step;
      const auto weight = make_weight(kShape, moved);
      EXPECT_GE(layer.error(*weight, found.bias), found.error_after - 1e-7) << "centroid " << c;
    }
}

TEST(Refit, OfTooFewRowsLittleIsLearned) {
  const Layer layer;
  LayerStatistics few(kInputs, kOutputs);
  few.add(std::span(layer.x).first(2 * kInputs), std::span(layer.y).first(2 * kOutputs));
  const auto near = make_weight(kShape, Dense{layer.w});
  const Refit found = refit(*near, {}, few, 0.1);
  for (size_t i = 0; i < layer.w.size(); ++i) EXPECT_NEAR(to_dense(*found.weight).data[i], layer.w[i], 2);
  const Refit none = refit(*near, {}, LayerStatistics(kInputs, kOutputs), 0.1);
  EXPECT_EQ(*none.weight, *near);
}

TEST(Refit, RefusesSizesThatDoNotFit) {
  const Layer layer;
  EXPECT_THROW(refit(*make_weight({2, 2}, Dense{{1, 2, 3, 4}}), {}, layer.statistics(), 0.1), Error);
  LayerStatistics s(2, 2);
  const std::vector<float> three(3);
  EXPECT_THROW(s.add(three, three), Error);
}

}  // namespace
}  // namespace netsuke::compress
