#include "compress/kmeans.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/random.h"
#include "compress/sorted.h"

namespace netsuke::compress {
namespace {

using testing::ElementsAre;

/// Lloyd's algorithm as a textbook has it, from the same start and with the same rule for ties and empty
/// clusters.
struct Naive {
  std::vector<double> centroids;
  std::vector<size_t> codes;
};

Naive naive_lloyd(const std::vector<float>& values, std::vector<double> centroids) {
  std::vector<size_t> codes(values.size(), SIZE_MAX);
  for (int iteration = 0; iteration < 1000; ++iteration) {
    bool moved = false;
    for (size_t i = 0; i < values.size(); ++i) {
      const double value = values[i];
      size_t nearest = 0;
      for (size_t c = 1; c < centroids.size(); ++c)
        if (std::fabs(value - centroids[c]) < std::fabs(value - centroids[nearest])) nearest = c;
      moved = moved || codes[i] != nearest;
      codes[i] = nearest;
    }
    if (!moved) break;
    for (size_t c = 0; c < centroids.size(); ++c) {
      double sum = 0, count = 0;
      for (size_t i = 0; i < values.size(); ++i)
        if (codes[i] == c) sum += values[i], ++count;
      if (count > 0) centroids[c] = sum / count;
    }
  }
  return {centroids, codes};
}

std::vector<double> linear_start(const std::vector<float>& values, int clusters) {
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  std::vector<double> centroids;
  for (int i = 0; i < clusters; ++i)
    centroids.push_back(*low + (static_cast<double>(*high) - *low) * i / (clusters - 1));
  return centroids;
}

std::vector<float> gaussian(Random& random, size_t count) {
  std::vector<float> values(count);
  for (float& value : values) value = static_cast<float>(random.normal());
  return values;
}

/// What pruning leaves: nothing near zero.
std::vector<float> pruned(Random& random, size_t count) {
  std::vector<float> values = gaussian(random, count);
  for (float& value : values) value += value > 0 ? 1.0f : -1.0f;
  return values;
}

TEST(KMeans, IsLloydsAlgorithm) {
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    const std::vector<float> values =
        seed % 2 ? gaussian(random, 1 + random.below(2000)) : pruned(random, 700);
    const int clusters = 2 + static_cast<int>(random.below(20));
    if (std::cmp_less(values.size(), clusters)) continue;
    const Clustering fast = k_means(values, {.clusters = clusters, .start = Initialisation::linear});
    const Naive slow = naive_lloyd(values, linear_start(values, clusters));
    ASSERT_TRUE(fast.converged);
    std::vector<float> used;
    for (size_t c = 0; c < slow.centroids.size(); ++c)
      if (std::count(slow.codes.begin(), slow.codes.end(), c))
        used.push_back(static_cast<float>(slow.centroids[c]));
    ASSERT_EQ(fast.centroids.size(), used.size());
    for (size_t c = 0; c < used.size(); ++c) EXPECT_NEAR(fast.centroids[c], used[c], 1e-6);
    for (size_t i = 0; i < values.size(); ++i)
      EXPECT_NEAR(fast.centroids[fast.codes[i]], slow.centroids[slow.codes[i]], 1e-6) << values[i];
  }
}

TEST(KMeans, EveryStartEndsAtAFixedPointWithNearestCodes) {
  for (const auto start :
       {Initialisation::linear, Initialisation::density, Initialisation::forgy, Initialisation::optimal}) {
    Random random(static_cast<uint64_t>(start) + 1);
    const std::vector<float> values = pruned(random, 3000);
    const Clustering result = k_means(values, {.clusters = 16, .start = start, .seed = 4});
    EXPECT_TRUE(result.converged);
    EXPECT_LE(result.centroids.size(), 16u);
    EXPECT_TRUE(std::is_sorted(result.centroids.begin(), result.centroids.end()));
    std::vector<double> sums(result.centroids.size()), counts(result.centroids.size());
    for (size_t i = 0; i < values.size(); ++i) {
      const float own = std::fabs(values[i] - result.centroids[result.codes[i]]);
      for (float centroid : result.centroids) EXPECT_GE(std::fabs(values[i] - centroid), own);
      sums[result.codes[i]] += values[i], ++counts[result.codes[i]];
    }
    for (size_t c = 0; c < sums.size(); ++c) EXPECT_NEAR(result.centroids[c], sums[c] / counts[c], 1e-6);
  }
}

TEST(KMeans, StartsAreThoseOfThePaper) {
  // Without an iteration the centroids are where they started; those nearest to no value are left out.
  const std::vector<float> values = {0, 1, 2, 3, 4, 5, 6, 100};
  const auto start = [&](Initialisation initialisation, int clusters) {
    return k_means(values, {.clusters = clusters, .start = initialisation, .seed = 1, .max_iterations = 0})
        .centroids;
  };
  EXPECT_THAT(start(Initialisation::linear, 2), ElementsAre(0, 100));
  EXPECT_THAT(start(Initialisation::linear, 5), ElementsAre(0, 100));
  EXPECT_THAT(start(Initialisation::density, 4), ElementsAre(1, 3, 5, 100));
  for (float centroid : start(Initialisation::forgy, 3)) EXPECT_THAT(values, testing::Contains(centroid));
  EXPECT_EQ(start(Initialisation::forgy, 8).size(), 8u) << "samples are distinct";
}

/// The least squared error by the plain dynamic program over sorted values.
double least_error(std::vector<float> values, size_t clusters) {
  std::sort(values.begin(), values.end());
  const size_t n = values.size();
  std::vector<double> best(n + 1, INFINITY), next;
  best[0] = 0;
  for (size_t c = 0; c < clusters; ++c) {
    next.assign(n + 1, INFINITY);
    for (size_t first = 0; first < n; ++first) {
      double sum = 0, squares = 0, count = 0;
      for (size_t last = first; last < n; ++last) {
        const double value = values[last];
        sum += value, squares += value * value, ++count;
        next[last + 1] = std::min(next[last + 1], best[first] + squares - sum * sum / count);
      }
    }
    best = next;
  }
  return best[n];
}

TEST(KMeans, OptimalIsTheLeastError) {
  for (uint64_t seed = 1; seed <= 25; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    const std::vector<float> values = seed % 2 ? gaussian(random, 150) : pruned(random, 150);
    const int clusters = 1 + static_cast<int>(random.below(12));
    const Clustering best = k_means(values, {.clusters = clusters, .start = Initialisation::optimal});
    EXPECT_NEAR(best.squared_error, least_error(values, static_cast<size_t>(clusters)), 1e-4);
    const Clustering linear = k_means(values, {.clusters = clusters, .start = Initialisation::linear});
    EXPECT_LE(best.squared_error, linear.squared_error + 1e-6);
  }
}

TEST(KMeans, OptimalOfManyValuesIsStillBetterThanTheOthers) {
  Random random(8);
  const std::vector<float> values = pruned(random, 100'000);
  const double best = k_means(values, {.clusters = 32, .start = Initialisation::optimal}).squared_error;
  EXPECT_LE(best, k_means(values, {.clusters = 32, .start = Initialisation::linear}).squared_error);
  EXPECT_LE(best, k_means(values, {.clusters = 32, .start = Initialisation::density}).squared_error);
}

TEST(KMeans, FewValuesAndExtremes) {
  EXPECT_TRUE(k_means({}, {}).centroids.empty());
  for (const auto start :
       {Initialisation::linear, Initialisation::density, Initialisation::forgy, Initialisation::optimal}) {
    const KMeansOptions options{.clusters = 65536, .start = start};
    EXPECT_THAT(k_means(std::vector<float>{3}, options).centroids, ElementsAre(3));
    EXPECT_THAT(k_means(std::vector<float>{2, 2, 2, 2}, options).centroids, ElementsAre(2));
    EXPECT_THAT(k_means(std::vector<float>{-3e38f, 3e38f}, options).centroids, ElementsAre(-3e38f, 3e38f));
    const Clustering one = k_means(std::vector<float>{1, 2, 6}, {.clusters = 1, .start = start});
    EXPECT_THAT(one.centroids, ElementsAre(3));
    EXPECT_DOUBLE_EQ(one.squared_error, 4 + 1 + 9);
  }
  EXPECT_THROW(k_means(std::vector<float>{1}, {.clusters = 0}), Error);
  EXPECT_THROW(k_means(std::vector<float>{1}, {.clusters = 65537}), Error);
  EXPECT_THROW(parse_initialisation("random"), Error);
}

TEST(Sorted, AgreesWithTheStandardLibrary) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    std::vector<float> values = gaussian(random, random.below(3000));
    for (float& value : values)
      if (random.below(10) == 0)
        value = static_cast<float>(std::ldexp(value, static_cast<int>(random.below(200)) - 100));
    SortedValues sorted(values);
    std::sort(values.begin(), values.end());
    ASSERT_EQ(sorted.size(), values.size());
    for (size_t i = 0; i < values.size(); ++i) ASSERT_EQ(sorted[i], values[i]);
    EXPECT_EQ(sorted.count_up_to(0.25),
              static_cast<size_t>(std::upper_bound(values.begin(), values.end(), 0.25f) - values.begin()));
  }
}

TEST(Sorted, SumsOverAnyRange) {
  std::vector<float> values(1000);
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i);
  const SortedValues sorted(values);
  Random random(6);
  for (int round = 0; round < 200; ++round) {
    const size_t first = random.below(1001), last = first + random.below(1001 - first);
    double sum = 0;
    for (size_t i = first; i < last; ++i) sum += static_cast<double>(i);
    EXPECT_EQ(sorted.sum(first, last), sum);
  }
}

}  // namespace
}  // namespace netsuke::compress
