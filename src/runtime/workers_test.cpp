#include "runtime/workers.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

namespace netsuke::runtime {
namespace {

constexpr size_t kMuch = 1'000'000'000;  // work of an item: always worth sharing

TEST(Workers, DoEveryItemOnceInPartsThatAreWorthIt) {
  for (const int count : {1, 2, 3, 7}) {
    Threads threads(count);
    Workers workers(&threads, std::vector<float*>(static_cast<size_t>(count)));
    for (const size_t items : std::vector<size_t>{0, 1, 2, 5, 24, 25, 1000})
      for (const size_t least : std::vector<size_t>{1, 2, 24}) {
        std::vector<std::atomic<int>> done(items);
        workers.split(
            items, kMuch,
            [&](size_t first, size_t last, float*, bool) {
              EXPECT_GE(last - first, std::min(least, items));
              for (size_t i = first; i < last; ++i) ++done[i];
            },
            least);
        for (const auto& d : done) ASSERT_EQ(d, 1) << items << " items, " << count << " workers, " << least;
      }
  }
}

TEST(Workers, KeepLittleWorkInOnePiece) {
  Threads threads(4);
  float scratch = 0;
  Workers workers(&threads, {&scratch, nullptr, nullptr, nullptr});
  int calls = 0;
  workers.split(1000, 1, [&](size_t first, size_t last, float* own, bool) {
    ++calls;
    EXPECT_EQ(first, 0u);
    EXPECT_EQ(last, 1000u);
    EXPECT_EQ(own, &scratch);
  });
  EXPECT_EQ(calls, 1);
}

TEST(Workers, BeginWithTheSameShareEachTime) {
  Threads threads(2);
  float scratch[2] = {};
  Workers workers(&threads, {&scratch[0], &scratch[1]});
  for (int round = 0; round < 100; ++round) {
    std::atomic<int> begun = 0;
    workers.split(64, kMuch, [&](size_t first, size_t, float* own, bool) {
      // Nobody helps before both have begun, if the other comes at all.
      const auto patience = std::chrono::steady_clock::now() + std::chrono::seconds(5);
      if (first % 32 == 0) {
        EXPECT_EQ(own, &scratch[first / 32]);
      }
      ++begun;
      while (begun < 2 && std::chrono::steady_clock::now() < patience) std::this_thread::yield();
    });
  }
}

TEST(Workers, HelpTheOneWhoIsLate) {
  Threads threads(2);
  float scratch[2] = {};
  Workers workers(&threads, {&scratch[0], &scratch[1]});
  std::atomic<size_t> of_the_caller = 0;
  std::atomic<bool> rest_is_done = false;
  workers.split(64, kMuch, [&](size_t first, size_t last, float* own, bool) {
    if (own == &scratch[0]) {
      of_the_caller += last - first;
      if (of_the_caller + 16 >= 64) rest_is_done = true;
      return;
    }
    // Half of its share, which it does not finish before all the rest is done.
    while (!rest_is_done) std::this_thread::yield();
  });
  EXPECT_GE(of_the_caller, 48u);
}

TEST(Workers, SayWhatScratchIsAsTheyLeftIt) {
  Threads threads(3);
  std::vector<int> mine(3, 0);
  float scratch[3] = {};
  Workers workers(&threads, {&scratch[0], &scratch[1], &scratch[2]});
  for (int round = 1; round < 20; ++round)
    workers.split(64, kMuch, [&](size_t, size_t, float* own, bool again) {
      int& last_round = mine[static_cast<size_t>(own - scratch)];
      EXPECT_EQ(again, last_round == round);
      last_round = round;
    });
}

}  // namespace
}  // namespace netsuke::runtime
