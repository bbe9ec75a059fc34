#include "base/threads.h"

#include <gtest/gtest.h>

#ifdef __linux__
#include <sched.h>
#endif

#include <array>
#include <atomic>
#include <chrono>
#include <thread>
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

TEST(Threads, those_who_gather_have_numbers_of_their_own) {
  Threads threads(4);
  const std::thread::id caller = std::this_thread::get_id();
  std::array<std::thread::id, 4> behind;
  for (int round = 0; round < 2000; ++round) {
    std::array<std::atomic<int>, 4> calls{};
    threads.gather([&](size_t thread) {
      ++calls[thread];
      if (behind[thread] == std::thread::id()) behind[thread] = std::this_thread::get_id();
      EXPECT_EQ(behind[thread], std::this_thread::get_id()) << "the same thread each time";
    });
    EXPECT_EQ(calls[0], 1);
    for (const auto& c : calls) EXPECT_LE(c, 1);
  }
  EXPECT_EQ(behind[0], caller);
}

TEST(Threads, gathering_waits_for_all_and_brings_an_exception_back) {
  Threads threads(2);
  std::atomic<bool> came = false, done = false;
  EXPECT_THROW(threads.gather([&](size_t thread) {
    if (thread == 0) {
      while (!came) std::this_thread::yield();
      fail(ErrorCode::internal, "the caller's");
    }
    came = true;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    done = true;
  }),
               Error);
  EXPECT_TRUE(done);
}

#ifdef __linux__
TEST(Threads, may_use_the_same_cores_after_they_left_one) {
  cpu_set_t before, after;
  ASSERT_EQ(sched_getaffinity(0, sizeof before, &before), 0);
  Threads threads(3);
  for (int round = 0; round < 5000; ++round) threads.gather([](size_t) {});
  threads.gather([&](size_t) {
    cpu_set_t own;
    ASSERT_EQ(sched_getaffinity(0, sizeof own, &own), 0);
    EXPECT_TRUE(CPU_EQUAL(&own, &before));
  });
  ASSERT_EQ(sched_getaffinity(0, sizeof after, &after), 0);
  EXPECT_TRUE(CPU_EQUAL(&after, &before));
}
#endif

}  // namespace
}  // namespace netsuke
