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

}  // namespace
}  // namespace netsuke
