#include "train/trained_weight.h"

#include <gtest/gtest.h>

#include <numeric>

#include "base/random.h"

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

}  // namespace
}  // namespace netsuke::train
