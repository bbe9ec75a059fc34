#include "train/optimizer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "base/catalog.h"

namespace netsuke::train {
namespace {

// Values after each step down a slope of 2 everywhere, from 1.
std::vector<float> walk(std::string_view optimizer, OptimizerStep step, int steps) {
  const Optimizer& row = find_row(optimizers(), optimizer, "optimizer");
  std::vector<float> values{1}, first{0}, second(row.has_second ? 1 : 0), path;
  for (step.number = 1; step.number <= steps; ++step.number) {
    row.step(values, std::vector<float>{2}, first, second, step);
    path.push_back(values[0]);
  }
  return path;
}

TEST(Sgd, TwoStepsFollowTheFormula) {
  const std::vector<float> path = walk("sgd", {.rate = 0.1f, .momentum = 0.5f, .weight_decay = 1}, 2);
  EXPECT_FLOAT_EQ(path[0], 0.7f);   // v = 3, w = 1 - 0.3
  EXPECT_FLOAT_EQ(path[1], 0.28f);  // v = 1.5 + 2.7, w = 0.7 - 0.42
}

TEST(Sgd, NesterovLooksAhead) {
  const OptimizerStep step{.rate = 0.1f, .momentum = 0.5f, .nesterov = true};
  EXPECT_FLOAT_EQ(walk("sgd", step, 1)[0], 1 - 0.1f * (2 + 0.5f * 2));
}

TEST(Sgd, AClippedGradientCountsForLess) {
  EXPECT_FLOAT_EQ(walk("sgd", {.rate = 0.1f, .gradient_scale = 0.25f}, 1)[0], 1 - 0.1f * 0.5f);
}

// On a constant slope both averages are the slope and its square from the first step on: each step is `rate`.
TEST(Adam, WalksByTheRateWhateverTheSlope) {
  const OptimizerStep step{.rate = 0.1f, .momentum = 0.9f, .beta2 = 0.999f, .epsilon = 1e-8f};
  const std::vector<float> path = walk("adam", step, 5);
  for (size_t i = 0; i < path.size(); ++i)
    EXPECT_NEAR(path[i], 1 - 0.1 * (static_cast<double>(i) + 1), 1e-4) << i;
}

TEST(Adam, DecayIsPartOfTheSlopeAndOfAdamWItIsNot) {
  const OptimizerStep step{
      .rate = 0.1f, .momentum = 0.9f, .beta2 = 0.999f, .epsilon = 1e-8f, .weight_decay = 1};
  EXPECT_NEAR(walk("adam", step, 1)[0], 0.9, 1e-5);
  EXPECT_NEAR(walk("adamw", step, 1)[0], 0.8, 1e-5);
}

TEST(RmsProp, DividesByTheRootOfTheAverageSquare) {
  const OptimizerStep step{.rate = 0.1f, .beta2 = 0.75f, .epsilon = 0};
  const std::vector<float> path = walk("rmsprop", step, 2);
  const double first = 2 / std::sqrt(0.25 * 4), second = 2 / std::sqrt(0.75 * 1 + 0.25 * 4);
  EXPECT_NEAR(path[0], 1 - 0.1 * first, 1e-6);
  EXPECT_NEAR(path[1], 1 - 0.1 * (first + second), 1e-6);
}

}  // namespace
}  // namespace netsuke::train
