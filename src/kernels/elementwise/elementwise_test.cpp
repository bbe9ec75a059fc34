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

TEST(Elementwise, SoftmaxOfLargeValuesSumsToOneAtEveryPosition) {
  const std::vector<float> x{1000, -5, 1001, -5, 999, -5};  // 3 classes, 2 positions
  std::vector<float> out(6);
  softmax(x.data(), 3, 2, out.data());
  EXPECT_NEAR(out[0] + out[2] + out[4], 1, 1e-6);
  EXPECT_NEAR(out[2] / out[0], std::exp(1.0), 1e-5);
  EXPECT_NEAR(out[1], 1.0 / 3, 1e-6);
}

}  // namespace
}  // namespace netsuke::kernels
