#include "train/trained_weight.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "base/random.h"
#include "tensor/half.h"

namespace netsuke::train {
namespace {

Encoding random_encoding(size_t form, size_t count, Random& random) {
  std::vector<uint32_t> positions;
  for (uint32_t i = 0; i < count; ++i)
    if (random.below(3) == 0) positions.push_back(i);
  const auto numbers = [&](size_t n) {
    std::vector<float> values(n);
    for (float& v : values) v = static_cast<float>(random.normal());
    return values;
  };
  const auto codes = [&](size_t n) {
    std::vector<uint16_t> values(n);
    for (uint16_t& v : values) v = static_cast<uint16_t>(random.below(5));
    return values;
  };
  if (form == 0) return Dense{numbers(count)};
  if (form == 1) return Sparse{positions, numbers(positions.size())};
  if (form == 2) return Codebook{numbers(5), codes(count)};
  return SparseCodebook{numbers(5), positions, codes(positions.size())};
}

double dot(std::span<const float> a, std::span<const float> b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0, std::plus<>(),
                            [](float x, float y) { return static_cast<double>(x) * y; });
}

class EveryForm : public testing::TestWithParam<size_t> {};
INSTANTIATE_TEST_SUITE_P(Encodings, EveryForm, testing::Range<size_t>(0, 4));

TEST_P(EveryForm, UntouchedWeightComesBackEqual) {
  Random random(GetParam());
  const Weight before{{6, 7}, random_encoding(GetParam(), 42, random)};
  EXPECT_EQ(*TrainedWeight(before).weight(), before);
}

TEST_P(EveryForm, MovedWeightDecodesToDenseValues) {
  Random random(GetParam() + 10);
  TrainedWeight weight({{6, 7}, random_encoding(GetParam(), 42, random)});
  for (float& v : weight.free_values()) v += static_cast<float>(random.normal());
  weight.expand();
  const std::vector<float> dense(weight.dense().begin(), weight.dense().end());
  EXPECT_EQ(to_dense(*weight.weight()).data, dense);
}

// <expand(f), g> = <f, free_gradient(g)>: what makes a gradient a gradient under a linear map.
TEST_P(EveryForm, GradientIsTheAdjointOfExpanding) {
  for (uint64_t seed = 0; seed < 50; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    Random random(seed);
    TrainedWeight weight({{8, 5}, random_encoding(GetParam(), 40, random)});
    std::vector<float> gradient(40);
    for (float& v : gradient) v = static_cast<float>(random.normal());
    const double by_dense = dot(weight.dense(), gradient);
    EXPECT_NEAR(dot(weight.free_values(), weight.free_gradient(gradient)), by_dense, 1e-4);
  }
}

TEST(TrainedWeight, CentroidGradientIsTheSumOverItsWeights) {
  TrainedWeight weight({{1, 6}, SparseCodebook{{1, 2}, {0, 2, 3, 5}, {0, 1, 0, 0}}});
  const std::span<const float> gradient = weight.free_gradient(std::vector<float>{1, 100, 2, 4, 100, 8});
  EXPECT_EQ(std::vector<float>(gradient.begin(), gradient.end()), (std::vector<float>{13, 2}));
}

TEST(Surgery, APrunedWeightComesBackForTheSmallestKeptOne) {
  TrainedWeight weight({{1, 5}, Sparse{{0, 2}, {0.5f, -2}}}, binary_gradients()[0], true);
  ASSERT_EQ(weight.free_values().size(), 5u);
  const std::vector<float> gradient{1, 2, 3, 4, 5};
  const std::span<const float> free = weight.free_gradient(gradient);
  EXPECT_EQ(std::vector<float>(free.begin(), free.end()), gradient) << "what is pruned learns too";
  weight.free_values()[3] = -0.6f;
  weight.expand();
  const std::span<const float> dense = weight.dense();
  EXPECT_EQ(std::vector<float>(dense.begin(), dense.end()), (std::vector<float>{0, 0, -2, -0.6f, 0}));
  EXPECT_EQ(*weight.weight(), (Weight{{1, 5}, Sparse{{2, 3}, {-2, -0.6f}}}));
  weight.free_values()[0] = 0.7f;  // nor is what went lost: it may come back too
  weight.expand();
  EXPECT_EQ(*weight.weight(), (Weight{{1, 5}, Sparse{{0, 2}, {0.7f, -2}}}));
}

TEST(Surgery, AlwaysKeepsAsManyAsBefore) {
  for (uint64_t seed = 0; seed < 100; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    Random random(seed);
    TrainedWeight weight({{8, 5}, random_encoding(1, 40, random)}, binary_gradients()[0], true);
    const int64_t count = kept_count(*weight.weight());
    // Few different magnitudes, so that many are equal; some are zero.
    for (float& v : weight.free_values())
      v = static_cast<float>(random.below(4)) - 1.5f + (random.below(2) ? 0.5f : 0);
    weight.expand();
    const WeightPtr after = weight.weight();
    EXPECT_EQ(kept_count(*after), count);
    const std::vector<float> dense(weight.dense().begin(), weight.dense().end());
    EXPECT_EQ(to_dense(*after).data, dense);
    float least_kept = HUGE_VALF, most_pruned = 0;
    std::vector<bool> kept(40);
    for (const uint32_t i : std::get<Sparse>(after->encoding).positions) kept[i] = true;
    for (size_t i = 0; i < 40; ++i) {
      const float magnitude = std::fabs(weight.free_values()[i]);
      if (kept[i])
        least_kept = std::min(least_kept, magnitude);
      else
        most_pruned = std::max(most_pruned, magnitude);
    }
    EXPECT_GE(least_kept, most_pruned);
  }
}

const BinaryGradient& rule(std::string_view name) {
  for (const BinaryGradient& rule : binary_gradients())
    if (rule.name == name) return rule;
  throw std::logic_error("no such rule");
}

/// Two filters of three real weights behind them.
Weight two_filters() { return {{2, 3}, Signs{{0, 0}, {0}, {0.5f, -0.25f, 2, -1, -0.5f, 0}}}; }

TEST(BinaryWeight, ScaleIsTheMeanMagnitudeOfEachFilter) {
  TrainedWeight weight(two_filters());
  const std::vector<float> dense(weight.dense().begin(), weight.dense().end());
  const float first = round_to_half(2.75f / 3);
  EXPECT_EQ(dense, (std::vector<float>{first, -first, first, -0.5f, -0.5f, 0.5f}));
  EXPECT_EQ(to_dense(*weight.weight()).data, dense);
}

TEST(BinaryWeight, SignsFollowTheRealWeightsThatTrainingMoves) {
  TrainedWeight weight(two_filters());
  weight.free_values()[0] -= 1;
  weight.expand();
  EXPECT_LT(weight.dense()[0], 0);
  EXPECT_EQ(std::get<Signs>(weight.weight()->encoding).latent[0], -0.5f);
}

TEST(BinaryWeight, GradientOfThePaperHasBothTerms) {
  TrainedWeight weight(two_filters(), rule("paper"));
  const std::vector<float> dense{1, 2, 3, 4, 5, 6};
  const std::span<const float> gradient = weight.free_gradient(dense);
  const float first = round_to_half(2.75f / 3), third = 1.0f / 3;
  const float expected[] = {third + first, third + first, third, third, third + 0.5f, third + 0.5f};
  for (size_t i = 0; i < 6; ++i) EXPECT_FLOAT_EQ(gradient[i], dense[i] * expected[i]) << i;
}

TEST(BinaryWeight, ClippedGradientPassesWhereTheRealWeightIsBelowOne) {
  TrainedWeight weight(two_filters(), rule("clipped"));
  const std::span<const float> gradient = weight.free_gradient(std::vector<float>{1, 2, 3, 4, 5, 6});
  EXPECT_EQ(std::vector<float>(gradient.begin(), gradient.end()), (std::vector<float>{1, 2, 0, 0, 5, 6}));
}

TEST(BinaryWeight, ReleasedCodeCentresOverChannelsAndLimits) {
  // One filter of two channels and two places: the means are 1 and -2.
  TrainedWeight weight({{1, 2, 1, 2}, Signs{{0}, {0}, {1.5f, -4.5f, 0.5f, 0.5f}}}, rule("released"));
  const std::span<const float> real = weight.free_values();
  EXPECT_EQ(std::vector<float>(real.begin(), real.end()), (std::vector<float>{0.5f, -1, -0.5f, 1}));
  const std::span<const float> gradient = weight.free_gradient(std::vector<float>{1, 1, 1, 1});
  EXPECT_FLOAT_EQ(gradient[0], (0.25f + 0.75f) * 4 * 0.5f);
  EXPECT_FLOAT_EQ(gradient[1], 0.25f * 4 * 0.5f);
}

}  // namespace
}  // namespace netsuke::train
