#include "kernels/winograd/winograd.h"

#include <cmath>

#include "kernels/conv/test_support.h"

namespace netsuke::kernels {
namespace {

TEST(Winograd, EqualsTheDirectConvolutionHoweverItIsSplit) {
  on_every_level(40, [](Random& random) {
    const ConvShape s = any_3x3(random, 30, 9);
    ASSERT_TRUE(winograd_fits(s, 4));
    ConvProblem problem(s, random);
    const size_t m = 2 * pick(random, 1, winograd_fits(s, 6) ? 3 : 2);
    const WinogradWeights packed = pack_winograd(s, problem.weights.data(), problem.bias, m);
    const size_t tiles = winograd_tiles(s, m), tile = pick(random, 0, tiles);
    const size_t panel = pick(random, 0, packed.panels());
    const std::vector<float> fast = problem.solve([&](const ImageArguments& image) {
      for (const WinogradPart& part : {WinogradPart{0, tile, 0, packed.panels()},
                                       {tile, tiles, 0, panel},
                                       {tile, tiles, panel, packed.panels()}}) {
        std::vector<float> scratch(winograd_scratch(s, m, tiles),
                                   NAN);  // a thread's own, with nothing of another's
        winograd(s, packed, image, part, scratch.data());
      }
    });
    expect_near(fast, problem.solve_slowly(), m == 2 ? 2e-4f : 1e-3f);
  });
}

// A thread that takes some panels after others of the same tiles.
TEST(Winograd, GoesOnWithTilesThatAreTransformedAlready) {
  on_every_level(20, [](Random& random) {
    const ConvShape s = any_3x3(random, 30, 9);
    ConvProblem problem(s, random);
    const size_t m = 2 * pick(random, 1, 2);
    const WinogradWeights packed = pack_winograd(s, problem.weights.data(), problem.bias, m);
    const size_t tiles = winograd_tiles(s, m), panel = pick(random, 0, packed.panels());
    std::vector<float> scratch(winograd_scratch(s, m, tiles), NAN);
    expect_near(problem.solve([&](const ImageArguments& image) {
      winograd(s, packed, image, {0, tiles, 0, panel}, scratch.data());
      winograd(s, packed, image, {0, tiles, panel, packed.panels(), true}, scratch.data());
    }),
                problem.solve_slowly(), m == 2 ? 2e-4f : 1e-3f);
  });
}

TEST(Winograd, WhatIsNotANumberStaysSo) {
  on_every_level(5, [](Random& random) {
    const ConvShape s = any_3x3(random, 12, 3);
    ConvProblem problem(s, random);
    problem.clamp = {0, 6};
    problem.bias.assign(s.out_channels, NAN);
    const size_t m = 2 * pick(random, 1, 2), tiles = winograd_tiles(s, m);
    const WinogradWeights packed = pack_winograd(s, problem.weights.data(), problem.bias, m);
    std::vector<float> scratch(winograd_scratch(s, m, tiles));
    const std::vector<float> out = problem.solve([&](const ImageArguments& image) {
      winograd(s, packed, image, {0, tiles, 0, packed.panels()}, scratch.data());
    });
    for (size_t pixel = 0; pixel < s.out_plane(); ++pixel)
      for (size_t c = 0; c < s.out_channels; ++c)
        ASSERT_TRUE(std::isnan(out[pixel * problem.out_stride + c]));
  });
}

// As training has them: a batch of images, shared by tiles.
TEST(Winograd, GoesFromImageToImage) {
  on_every_level(20, [](Random& random) {
    const ConvShape s = any_3x3(random, 30, 9);
    const size_t images = pick(random, 2, 5), m = 2 * pick(random, 1, 2), tiles = winograd_tiles(s, m);
    const size_t in_size = s.height * s.width * s.channels, out_size = s.out_plane() * s.out_channels;
    const std::vector<float> in = random_values(random, images * in_size),
                             weights = random_values(random, s.out_channels * s.depth());
    const WinogradWeights packed = pack_winograd(s, weights.data(), {}, m);
    const auto run = [&](const float* from, float* to, size_t first, size_t last) {
      std::vector<float> scratch(winograd_scratch(s, m, last - first), NAN);
      winograd(s, packed, {from, s.channels, to, s.out_channels}, {first, last, 0, packed.panels()},
               scratch.data());
    };
    std::vector<float> together(images * out_size), alone(images * out_size);
    const size_t split = pick(random, 1, images * tiles - 1);
    run(in.data(), together.data(), 0, split);
    run(in.data(), together.data(), split, images * tiles);
    for (size_t i = 0; i < images; ++i) run(&in[i * in_size], &alone[i * out_size], 0, tiles);
    expect_near(together, alone, 1e-6f);
  });
}

// The root mean square of the error, relative to that of the result, on data with unit variance.
double relative_error(size_t m, Random& random) {
  ConvShape s;
  s.kernel_h = s.kernel_w = 3, s.channels = 128, s.out_channels = 16, s.height = s.width = 26;
  set_out_size(s, 0, 0);
  std::vector<float> in(s.height * s.width * s.channels), weights(s.out_channels * s.depth());
  for (float& x : in) x = static_cast<float>(random.normal());
  for (float& w : weights) w = static_cast<float>(random.normal());
  std::vector<float> out(s.out_plane() * s.out_channels),
      scratch(winograd_scratch(s, m, winograd_tiles(s, m)));
  const WinogradWeights packed = pack_winograd(s, weights.data(), {}, m);
  winograd(s, packed, {in.data(), s.channels, out.data(), s.out_channels},
           {0, winograd_tiles(s, m), 0, packed.panels()}, scratch.data());
  double error = 0, power = 0;
  for (size_t pixel = 0; pixel < s.out_plane(); ++pixel) {
    for (size_t o = 0; o < s.out_channels; ++o) {
      double sum = 0;
      for (size_t i = 0; i < s.depth(); ++i) {
        const size_t c = i / 9, y = pixel / s.out_width + i % 9 / 3, x = pixel % s.out_width + i % 3;
        sum += static_cast<double>(weights[o * s.depth() + i]) * in[(y * s.width + x) * s.channels + c];
      }
      error += std::pow(out[pixel * s.out_channels + o] - sum, 2), power += sum * sum;
    }
  }
  return std::sqrt(error / power);
}

TEST(Winograd, KeepsItsAccuracyBound) {
  Random random(3);
  if (cpu_levels().size() < 2) GTEST_SKIP() << "no SIMD level on this machine";
  for (const auto& [m, bound] : {std::pair<size_t, double>{2, 1e-6}, {4, 5e-6}, {6, 1e-5}}) {
    if (m == 6 && cpu_level() == "sse4") continue;
    const double error = relative_error(m, random);
    RecordProperty("error_f" + std::to_string(m), std::to_string(error));
    EXPECT_LT(error, bound) << "F(" << m << ", 3)";
    EXPECT_GT(error, bound / 100) << "F(" << m << ", 3): the bound says nothing";
  }
}

}  // namespace
}  // namespace netsuke::kernels
