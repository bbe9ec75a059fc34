#include "train/schedule.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "train/sgd.h"

namespace netsuke::train {
namespace {

double rate(const std::string& schedule, int64_t step, double warmup = 0) {
  Options options;
  options.epochs = 4;
  options.learning_rate = 1;
  options.schedule = schedule;
  options.warmup_epochs = warmup;
  return learning_rate(options, step, 100);
}

TEST(Schedule, EachFollowsItsCurve) {
  EXPECT_EQ(rate("constant", 399), 1);
  EXPECT_EQ(rate("step", 199), 1);
  EXPECT_EQ(rate("step", 200), 0.1);
  EXPECT_EQ(rate("step", 300), 0.01);
  EXPECT_EQ(rate("linear", 100), 0.75);
  EXPECT_NEAR(rate("cosine", 200), 0.5, 1e-12);
  EXPECT_LT(rate("cosine", 399), 1e-4);
}

TEST(Schedule, WarmUpClimbsThenTheScheduleBeginsAtItsTop) {
  EXPECT_GT(rate("linear", 0, 1), 0);
  EXPECT_LT(rate("linear", 0, 1), 0.02);
  EXPECT_LT(rate("linear", 50, 1), rate("linear", 99, 1));
  EXPECT_EQ(rate("linear", 100, 1), 1);
}

TEST(Schedule, UnknownNameIsRefusedWithTheNearest) {
  try {
    rate("cosin", 0);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::usage);
    EXPECT_NE(std::string(error.what()).find("did you mean 'cosine'"), std::string::npos) << error.what();
  }
}

TEST(Sgd, TwoStepsFollowTheFormula) {
  std::vector<float> w{1}, v{0};
  const std::vector<float> g{2};
  const SgdStep step{.rate = 0.1f, .momentum = 0.5f, .weight_decay = 1, .nesterov = false};
  sgd_step(w, g, v, step);  // v = 3, w = 1 - 0.3
  EXPECT_FLOAT_EQ(w[0], 0.7f);
  sgd_step(w, g, v, step);  // v = 1.5 + 2.7, w = 0.7 - 0.42
  EXPECT_FLOAT_EQ(w[0], 0.28f);
}

TEST(Sgd, NesterovLooksAhead) {
  std::vector<float> w{1}, v{0};
  sgd_step(w, std::vector<float>{2}, v,
           {.rate = 0.1f, .momentum = 0.5f, .weight_decay = 0, .nesterov = true});
  EXPECT_FLOAT_EQ(w[0], 1 - 0.1f * (2 + 0.5f * 2));
}

}  // namespace
}  // namespace netsuke::train
