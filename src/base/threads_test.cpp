#include "base/threads.h"

#include <gtest/gtest.h>

#include <atomic>
#include <vector>

#include "base/error.h"

namespace netsuke {
namespace {

TEST(Threads, every_item_is_done_once) {
  for (int count : {1, 2, 5}) {
    Threads threads(count);
    EXPECT_EQ(threads.count(), count);
    std::vector<std::atomic<int>> done(1000);
    threads.each(done.size(), [&](size_t i) { ++done[i]; });
    for (const auto& d : done) EXPECT_EQ(d, 1);
  }
}

TEST(Threads, an_exception_comes_back_to_the_caller_and_the_pool_lives_on) {
  Threads threads(2);
  EXPECT_THROW(threads.each(100, [](size_t i) { require(i != 50, "item ", i); }), Error);
  std::atomic<int> done = 0;
  threads.each(10, [&](size_t) { ++done; });
  EXPECT_EQ(done, 10);
}

// Short loops one after the other: workers come late, to a loop that has ended, or to the one after it.
TEST(Threads, loops_follow_each_other_closely) {
  Threads threads(3);
  std::vector<int> counts(7);
  for (size_t round = 1; round <= 20000; ++round) {
    const size_t items = 2 + round % 6;
    threads.each(items, [&](size_t i) { ++counts[i]; });
    if (round % 1000 == 0) {
      int sum = 0;
      for (int count : counts) sum += count;
      size_t expected = 0;
      for (size_t r = 1; r <= round; ++r) expected += 2 + r % 6;
      ASSERT_EQ(static_cast<size_t>(sum), expected);
    }
  }
}

TEST(Threads, what_a_loop_wrote_is_seen_by_the_next) {
  Threads threads(4);
  std::vector<size_t> values(64, 0);
  for (size_t round = 0; round < 2000; ++round)
    threads.each(values.size(), [&](size_t i) { values[(i + round) % values.size()] += 1; });
  for (size_t value : values) EXPECT_EQ(value, 2000u);
}

}  // namespace
}  // namespace netsuke
