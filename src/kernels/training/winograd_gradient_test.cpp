#include "kernels/training/winograd_gradient.h"

#include <cmath>

#include "kernels/conv/test_support.h"
#include "kernels/training/filter_gradient.h"

namespace netsuke::kernels {
namespace {

struct Problem {
  Problem(const ConvShape& shape, size_t count, Random& random)
      : s(shape),
        images(count),
        x(random_values(random, count * s.height * s.width * s.channels)),
        dy(random_values(random, count * s.out_plane() * s.out_channels)) {}

  /// In two parts, by output channels and then by input channels.
  std::vector<float> solve(size_t panel) const {
    std::vector<float> sums(winograd_gradient_sums(s)), scratch(winograd_gradient_scratch(s), NAN);
    winograd_gradient(s, x.data(), dy.data(), images, sums.data(), 0, panel, scratch.data());
    winograd_gradient(s, x.data(), dy.data(), images, sums.data(), panel, gradient_panels(s), scratch.data());
    std::vector<float> gradient(s.out_channels * s.depth(), NAN);
    const size_t channel = s.channels / 3;
    winograd_gradient_weights(s, sums.data(), 0, channel, gradient.data());
    winograd_gradient_weights(s, sums.data(), channel, s.channels, gradient.data());
    return gradient;
  }
  std::vector<float> solve_slowly() const {
    std::vector<float> gradient(s.out_channels * s.depth());
    filter_gradient_scalar(s, x.data(), dy.data(), images, gradient.data());
    return gradient;
  }

  ConvShape s;
  size_t images;
  std::vector<float> x, dy;
};

TEST(WinogradGradient, EqualsTheDirectOneHoweverItIsSplit) {
  on_every_level(20, [](Random& random) {
    const Problem problem(any_3x3(random, 18, 5), pick(random, 1, 4), random);
    ASSERT_TRUE(winograd_fits(problem.s, kGradientTile));
    expect_near(problem.solve(pick(random, 0, gradient_panels(problem.s))), problem.solve_slowly(), 2e-3f);
  });
}

// As for the convolution itself: errors relative to the result, root mean squares.
TEST(WinogradGradient, KeepsItsAccuracyBound) {
  if (cpu_levels().size() < 2) GTEST_SKIP() << "no SIMD level on this machine";
  Random random(5);
  ConvShape s;
  s.kernel_h = s.kernel_w = 3, s.channels = s.out_channels = 32, s.height = s.width = 16;
  s.pad_top = s.pad_left = 1;
  ASSERT_TRUE(set_out_size(s, 1, 1));
  const Problem problem(s, 16, random);
  const std::vector<float> fast = problem.solve(1), slow = problem.solve_slowly();
  double error = 0, power = 0;
  for (size_t i = 0; i < fast.size(); ++i) {
    error += std::pow(static_cast<double>(fast[i] - slow[i]), 2);
    power += std::pow(static_cast<double>(slow[i]), 2);
  }
  const double relative = std::sqrt(error / power);
  RecordProperty("error", std::to_string(relative));
  EXPECT_LT(relative, 1e-5);
  EXPECT_GT(relative, 1e-8) << "the bound says nothing";
}

}  // namespace
}  // namespace netsuke::kernels
