#include "recipe/search_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace netsuke::recipe {
namespace {

using testing::HasSubstr;
using Front = SearchPlan::Front;

/// Steps of a half, then of 0.8.
Search within(const Budget& budget) {
  Search settings;
  settings.budget = budget;
  settings.first_step = 0.5;
  settings.step = 0.8;
  settings.least_step = 0.1;
  return settings;
}

Search at_most_a_point() { return within({.max_drop = 1, .target_size = {}, .target_ms = {}}); }

/// As it was asked for, a second long.
Attempt made(const SearchPlan& plan, double error, double ms = -1) {
  return {.asked = plan.state.asked,
          .bytes = static_cast<int64_t>(plan.state.asked),
          .density = 0.1,
          .error = error,
          .ms = ms,
          .seconds = 1};
}

TEST(SearchPlan, TakesLongStepsWhileNothingIsLostThenShorterOnes) {
  const Search settings = at_most_a_point();
  SearchPlan plan(settings, 4000);
  plan.begin(10, 0, 1000);
  EXPECT_DOUBLE_EQ(plan.state.asked, 500);
  EXPECT_EQ(plan.next(made(plan, 10.1)), Front::attempt);
  EXPECT_DOUBLE_EQ(plan.state.asked, 250) << "next to nothing was lost";
  EXPECT_EQ(plan.next(made(plan, 10.6)), Front::attempt);
  EXPECT_DOUBLE_EQ(plan.state.asked, 200);
  EXPECT_EQ(plan.best().bytes, 250);
}

TEST(SearchPlan, TriesAFailureOnceMoreForLongerAndEndsWhereStepsAreSmall) {
  const Search settings = at_most_a_point();
  SearchPlan plan(settings, 4000);
  plan.begin(10, 0, 1000);
  plan.next(made(plan, 10.6));
  EXPECT_EQ(plan.next(made(plan, 12)), Front::same);
  EXPECT_TRUE(plan.state.again);
  EXPECT_EQ(plan.state.effort, 2);
  EXPECT_EQ(plan.next(made(plan, 12)), Front::same);
  EXPECT_FALSE(plan.state.again);
  EXPECT_NEAR(plan.state.asked, 500 * std::sqrt(0.8), 1e-9) << "from the best, the root of a step of 0.8";
  EXPECT_FALSE(plan.state.finished);
  plan.next(made(plan, 12));
  plan.next(made(plan, 12));
  EXPECT_TRUE(plan.state.finished) << "the next step is under a tenth";
  ASSERT_TRUE(plan.found());
  EXPECT_EQ(plan.best().bytes, 500);
}

TEST(SearchPlan, AsksForMoreFromTheFirstNetworkWhereNothingIsAccurate) {
  const Search settings = at_most_a_point();
  SearchPlan plan(settings, 1500);
  plan.begin(10, 0, 1000);
  EXPECT_EQ(plan.next(made(plan, 20)), Front::same);
  EXPECT_EQ(plan.next(made(plan, 20)), Front::first);
  EXPECT_DOUBLE_EQ(plan.state.asked, 1000);
  EXPECT_FALSE(plan.state.finished);
  plan.next(made(plan, 20));
  plan.next(made(plan, 19));
  EXPECT_TRUE(plan.state.finished) << "no more than the original has is asked for";
  EXPECT_FALSE(plan.found());
  EXPECT_EQ(plan.closest(), "the closest lost 9.00 points in 1000 bytes");
}

TEST(SearchPlan, PolishesTwiceWhatHasTheSizeAndKeepsTheMostAccurate) {
  const Search settings = within({.max_drop = {}, .target_size = 400, .target_ms = {}});
  SearchPlan plan(settings, 4000);
  plan.begin(10, 0, 1000);
  EXPECT_EQ(plan.verdict(made(plan, 10), true), "too large yet");
  plan.next(made(plan, 10));
  EXPECT_DOUBLE_EQ(plan.state.asked, 396) << "a hundredth below the size, though a step is 250";
  for (const int effort : {2, 4}) {
    EXPECT_EQ(plan.next(made(plan, 13 - effort / 2)), Front::attempt);
    EXPECT_TRUE(plan.state.again);
    EXPECT_EQ(plan.state.effort, effort);
  }
  plan.next(made(plan, 11.5));
  EXPECT_TRUE(plan.state.finished);
  EXPECT_EQ(plan.state.best, 2) << "the attempts erred by 10 (too large), 12, 11 and 11.5";
}

TEST(SearchPlan, CountsMillisecondsAndEndsWhereTheyStall) {
  const Search settings = within({.max_drop = {}, .target_size = {}, .target_ms = 1});
  SearchPlan plan(settings, 4000);
  plan.begin(10, 8, 1000);
  EXPECT_DOUBLE_EQ(plan.state.asked, 4);
  EXPECT_DOUBLE_EQ(plan.asked_bytes(), 0) << "bytes are free";
  EXPECT_THAT(plan.announcement(0), HasSubstr("attempt 1 asks for 4.000 ms"));
  plan.next(made(plan, 10, 5));
  EXPECT_DOUBLE_EQ(plan.state.asked, 2.5);
  plan.next(made(plan, 10, 4.99));
  EXPECT_FALSE(plan.state.finished) << "once may be the clock's noise";
  plan.next(made(plan, 10, 5.01));
  EXPECT_TRUE(plan.state.finished);
  EXPECT_FALSE(plan.found());
  EXPECT_THAT(plan.closest(), HasSubstr("and 4.990 ms"));
}

TEST(SearchPlan, EndsWhereBytesStall) {
  const Search settings = within({.max_drop = {}, .target_size = 100, .target_ms = {}});
  SearchPlan plan(settings, 4000);
  plan.begin(10, 0, 1000);
  for (const int64_t bytes : {300, 260, 259}) {
    Attempt attempt = made(plan, 90);
    attempt.bytes = bytes;
    plan.next(attempt);
    EXPECT_FALSE(plan.state.finished) << bytes;
  }
  Attempt attempt = made(plan, 90);
  attempt.bytes = 258;
  plan.next(attempt);
  EXPECT_TRUE(plan.state.finished) << "what is left is no weight";
  EXPECT_FALSE(plan.found());
}

TEST(SearchPlan, DoesNotAskForLessThanTheSizeThatFailed) {
  const Search settings = within({.max_drop = 1, .target_size = 400, .target_ms = {}});
  SearchPlan plan(settings, 4000);
  plan.begin(10, 0, 1000);
  Attempt large = made(plan, 10.6);
  large.bytes = 460;
  plan.next(large);
  EXPECT_DOUBLE_EQ(plan.state.asked, 396);
  plan.next(made(plan, 12));
  plan.next(made(plan, 12));
  EXPECT_NEAR(plan.state.asked, 460 * std::sqrt(0.8), 1e-9) << "more than 396, though less than 460";
  EXPECT_FALSE(plan.state.finished);
  plan.next(made(plan, 10.6));
  plan.next(made(plan, 12));
  plan.next(made(plan, 12));
  EXPECT_TRUE(plan.state.finished) << "the next step is under a tenth";
}

TEST(SearchPlan, AsksForALittleLessTimeThanItMayTake) {
  const Search settings = within({.max_drop = {}, .target_size = 900, .target_ms = 1});
  SearchPlan plan(settings, 4000);
  plan.begin(10, 1.5, 1000);
  EXPECT_DOUBLE_EQ(plan.state.asked, 0.96);
  EXPECT_DOUBLE_EQ(plan.asked_bytes(), 891);
}

TEST(SearchPlan, TellsAboutHowLongItMayTake) {
  const Search settings = at_most_a_point();
  SearchPlan plan(settings, 4000);
  plan.begin(10, 0, 1000);
  EXPECT_EQ(plan.announcement(0), "attempt 1 asks for 500 bytes");
  Attempt slow = made(plan, 10.6);
  slow.seconds = 100;
  plan.next(slow);
  // Steps of 0.8 and of its root are left, each of which may be made three times.
  EXPECT_EQ(plan.announcement(100), "attempt 2 asks for 400 bytes; 2 min gone, about 10 min left");
}

TEST(SearchPlan, GoesOnFromWhatWasSaved) {
  const Search settings = at_most_a_point();
  SearchPlan plan(settings, 4000);
  plan.begin(10, 0, 1000);
  plan.next(made(plan, 10.6));
  plan.next(made(plan, 12));
  SearchPlan resumed(settings, 4000);
  resumed.state = SearchState::of(plan.state.json());
  EXPECT_EQ(resumed.next(made(resumed, 12)), plan.next(made(plan, 12)));
  EXPECT_EQ(resumed.state.json(), plan.state.json());
}

}  // namespace
}  // namespace netsuke::recipe
