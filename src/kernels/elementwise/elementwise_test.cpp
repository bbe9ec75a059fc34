#include "kernels/elementwise/elementwise.h"

#include <cmath>

#include "kernels/test_support.h"

namespace netsuke::kernels {
namespace {

TEST(Elementwise, ClampIsReluWithItsLimits) {
  const std::vector<float> x{-2, 0, 3, 9};
  std::vector<float> out(4);
  clamp(x.data(), 4, {0, 6}, out.data());
  EXPECT_EQ(out, (std::vector<float>{0, 0, 3, 6}));
  clamp(x.data(), 4, {}, out.data());
  EXPECT_EQ(out, x);
}

TEST(Elementwise, ScaleShiftLimitsItsResult) {
  const std::vector<float> x{1, 2, 3, 4}, scale{2, -1}, shift{0, 5};
  std::vector<float> out(4);
  scale_shift(x.data(), 2, 2, scale.data(), shift.data(), {}, out.data());
  EXPECT_EQ(out, (std::vector<float>{2, 4, 2, 1}));
  scale_shift(x.data(), 2, 2, scale.data(), shift.data(), {1.5f, 3}, out.data());
  EXPECT_EQ(out, (std::vector<float>{2, 3, 2, 1.5f}));
}

TEST(Elementwise, SoftmaxOfLargeValuesSumsToOneAtEveryPosition) {
  const std::vector<float> x{1000, -5, 1001, -5, 999, -5};  // 3 classes, 2 positions
  std::vector<float> out(6);
  softmax(x.data(), 3, 2, out.data());
  EXPECT_NEAR(out[0] + out[2] + out[4], 1, 1e-6);
  EXPECT_NEAR(out[2] / out[0], std::exp(1.0), 1e-5);
  EXPECT_NEAR(out[1], 1.0 / 3, 1e-6);
}

TEST(Elementwise, PlaneMeans) {
  const std::vector<float> x{1, 2, 3, 6, -1, 1, -1, 1};
  std::vector<float> out(2);
  plane_means(x.data(), 2, 4, out.data());
  EXPECT_EQ(out, (std::vector<float>{3, 0}));
}

}  // namespace
}  // namespace netsuke::kernels
