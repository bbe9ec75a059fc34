#include "train/schedule.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace netsuke::train {
namespace {

double rate(const std::string& schedule, int64_t step, double warmup = 0, int64_t steps = 400) {
  Options options;
  options.epochs = 4;
  options.learning_rate = 1;
  options.schedule = schedule;
  options.warmup_epochs = warmup;
  return learning_rate(options, step, steps);
}

TEST(Schedule, EachFollowsItsCurve) {
  EXPECT_EQ(rate("constant", 399), 1);
  EXPECT_EQ(rate("step", 199), 1);
  EXPECT_EQ(rate("step", 200), 0.1);
  EXPECT_EQ(rate("step", 300), 0.01);
  EXPECT_EQ(rate("linear", 100), 0.75);
  EXPECT_EQ(rate("polynomial", 100), 0.75 * 0.75);
  EXPECT_NEAR(rate("cosine", 200), 0.5, 1e-12);
  EXPECT_LT(rate("cosine", 399), 1e-4);
}

TEST(Schedule, WarmUpClimbsThenTheScheduleBeginsAtItsTop) {
  EXPECT_GT(rate("linear", 0, 1), 0);
  EXPECT_LT(rate("linear", 0, 1), 0.02);
  EXPECT_LT(rate("linear", 50, 1), rate("linear", 99, 1));
  EXPECT_EQ(rate("linear", 100, 1), 1);
}

TEST(Schedule, ShortenedItIsRunThroughAllTheSame) {
  EXPECT_EQ(rate("linear", 50, 0, 200), 0.75);
  EXPECT_EQ(rate("linear", 50, 1, 200), 1) << "warm-up is a quarter of the run, as it was to be";
  EXPECT_EQ(rate("linear", 125, 1, 200), 0.5);
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

}  // namespace
}  // namespace netsuke::train
