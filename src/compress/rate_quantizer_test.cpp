#include "compress/rate_quantizer.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/random.h"

namespace netsuke::compress {
namespace {

using testing::ElementsAre;

std::vector<float> random_values(size_t count, uint64_t seed) {
  Random random(seed);
  std::vector<float> values(count);
  for (float& value : values) value = static_cast<float>(random.normal());
  return values;
}

/// What rate_quantize() minimises, of any clustering.
double cost_of(std::span<const float> values, std::span<const float> importance, const Clustering& clusters,
               const RateOptions& options) {
  std::vector<double> counts(clusters.centroids.size());
  double error = 0, bits = options.centroid_bits * static_cast<double>(counts.size());
  for (size_t i = 0; i < values.size(); ++i) {
    const double apart =
        static_cast<double>(values[i]) - static_cast<double>(clusters.centroids[clusters.codes[i]]);
    error += (importance.empty() ? 1.0 : static_cast<double>(importance[i])) * apart * apart;
    ++counts[clusters.codes[i]];
  }
  for (const double count : counts)
    if (count > 0) bits += count * std::log2(static_cast<double>(values.size()) / count);
  return error / 2 + options.slope * bits;
}

TEST(RateQuantizer, FindsValuesThatAreShared) {
  const std::vector<float> values{2, -1, 2, 7, -1, 2};
  const RateClustering found = rate_quantize(values, {}, {.clusters = 16, .slope = 0, .centroid_bits = 14});
  EXPECT_THAT(found.clusters.centroids, ElementsAre(-1, 2, 7));
  EXPECT_THAT(found.clusters.codes, ElementsAre(1, 0, 1, 2, 0, 1));
  EXPECT_EQ(found.clusters.squared_error, 0);
}

TEST(RateQuantizer, WhatDoesNotMatterDoesNotMoveCentroids) {
  const std::vector<float> values{0, 1, 0.4f, 10, 11, 10.2f};
  const std::vector<float> importance{1, 1, 0, 2, 1, 0};
  const RateClustering found =
      rate_quantize(values, importance, {.clusters = 2, .slope = 0, .centroid_bits = 0});
  ASSERT_EQ(found.clusters.centroids.size(), 2u);
  EXPECT_FLOAT_EQ(found.clusters.centroids[0], 0.5f);
  EXPECT_FLOAT_EQ(found.clusters.centroids[1], 31.0f / 3);
}

TEST(RateQuantizer, SaysWhatItMinimised) {
  const std::vector<float> values = random_values(500, 3);
  std::vector<float> importance = random_values(500, 4);
  for (float& f : importance) f *= f;
  const RateOptions options{.clusters = 16, .slope = 0.01};
  const RateClustering found = rate_quantize(values, importance, options);
  EXPECT_NEAR(found.cost, cost_of(values, importance, found.clusters, options), 1e-4 * found.cost);
}

TEST(RateQuantizer, BeatsKMeansOnceBitsCost) {
  // On the whole: either may stop in a better local optimum of one sample.
  double ours = 0, k_means_cost = 0;
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    const std::vector<float> values = random_values(400, seed);
    const RateOptions options{.clusters = 32, .slope = 0.02};
    double best_k_means = HUGE_VAL;
    for (const int clusters : {4, 8, 16, 32}) {
      const Clustering k = k_means(values, {.clusters = clusters, .start = Initialisation::optimal});
      best_k_means = std::min(best_k_means, cost_of(values, {}, k, options));
    }
    const double cost = best_rate_quantize(values, {}, options).cost;
    EXPECT_LT(cost, 1.03 * best_k_means) << "seed " << seed;
    ours += cost;
    k_means_cost += best_k_means;
  }
  EXPECT_LT(ours, 0.99 * k_means_cost);
}

TEST(RateQuantizer, DearerBitsMeanFewerOfThem) {
  const std::vector<float> values = random_values(1000, 7);
  double before = HUGE_VAL;
  for (const double slope : {0.0001, 0.001, 0.01, 0.1, 1.0}) {
    const RateClustering found = best_rate_quantize(values, {}, {.clusters = 64, .slope = slope});
    EXPECT_LT(found.code_bits, before) << "slope " << slope;
    EXPECT_TRUE(std::ranges::is_sorted(found.clusters.centroids));
    before = found.code_bits;
  }
}

TEST(RateQuantizer, RefusesNoClusters) {
  const std::vector<float> values{1};
  EXPECT_THROW(rate_quantize(values, {}, {.clusters = 0}), Error);
  EXPECT_TRUE(rate_quantize({}, {}, {}).clusters.centroids.empty());
}

}  // namespace
}  // namespace netsuke::compress
