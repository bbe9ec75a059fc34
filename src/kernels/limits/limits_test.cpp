#include "kernels/limits/limits.h"

#include <gtest/gtest.h>

#include <cstdint>

#include "kernels/cpu.h"

namespace netsuke::kernels {
namespace {

void expect_sane(const Limits& limits) {
  EXPECT_GT(limits.gflops, 0);
  // A vector of 32-bit lanes holds 32 signs where it holds one float.
  EXPECT_GT(1e3 * limits.sign_tops, limits.gflops);
  EXPECT_GT(limits.memory.gb, 0);
  // Others may disturb any figure, and an emulated processor has no caches; hardly so much that memory far
  // outruns the first cache.
  EXPECT_GE(2 * limits.l1.gb, limits.memory.gb);
  EXPECT_LT(limits.l1.bytes, limits.l2.bytes);
  EXPECT_LE(limits.l2.bytes, limits.l3.bytes);
  EXPECT_EQ(limits.memory.bytes, SIZE_MAX);
}

TEST(Limits, AreSaneOnEveryLevel) {
  const std::string before = cpu_level();
  for (const std::string& level : cpu_levels()) {
    SCOPED_TRACE(level);
    set_cpu_level(level);
    expect_sane(measure_limits());
  }
  set_cpu_level(before);
}

Limits limits_of(double gflops) {
  return {gflops, {1000, 80}, {10'000, 40}, {100'000, 20}, {SIZE_MAX, 10}, gflops / 10};
}

TEST(Limits, ReadsFromTheNearestLevelThatHoldsTheData) {
  const Limits limits = limits_of(100);
  EXPECT_EQ(limits.read_gb(0), 80);
  EXPECT_EQ(limits.read_gb(1000), 80);
  EXPECT_EQ(limits.read_gb(1001), 40);
  EXPECT_EQ(limits.read_gb(50'000), 20);
  EXPECT_EQ(limits.read_gb(1e12), 10);
}

TEST(Limits, OfCoresAddUp) {
  Limits both;
  both += limits_of(100);
  both += limits_of(50);
  EXPECT_EQ(both.gflops, 150);
  EXPECT_EQ(both.sign_tops, 15);
  EXPECT_EQ(both.l2.gb, 80);
  EXPECT_EQ(both.memory.gb, 20);
  EXPECT_EQ(both.read_gb(1e12), 20);
  EXPECT_EQ(both.l1.bytes, 1000u);
}

}  // namespace
}  // namespace netsuke::kernels
