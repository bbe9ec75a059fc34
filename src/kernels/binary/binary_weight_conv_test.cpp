#include "kernels/binary/binary_weight_conv.h"

#include <cmath>

#include "kernels/binary/test_support.h"

namespace netsuke::kernels {
namespace {

// Rounding grows with the number of weights that are summed up.
float tolerance(const ConvShape& s) { return 1e-6f * static_cast<float>(s.depth()) + 1e-5f; }

TEST(BinaryWeightConv, EqualsItsScalarTwinHoweverItIsSplit) {
  on_every_level(200, [](Random& random) {
    const ConvShape s = any_binary_conv(random);
    const BinaryWeights weights = pack_binary(s, random_bits(random, s.out_channels * s.depth()));
    const std::vector<float> scale = random_values(random, s.out_channels);
    const ConvProblem problem(s, random);
    const BinaryScale scales{scale.data(), problem.bias.empty() ? nullptr : problem.bias.data()};
    std::vector<float> scratch(binary_weight_conv_scratch(s), NAN);
    const std::vector<float> fast = problem.solve([&](const ImageArguments& image) {
      in_parts(random, s, [&](const ConvPart& part) {
        binary_weight_conv(s, weights, scales, image, part, scratch.data());
      });
    });
    const std::vector<float> slow = problem.solve([&](const ImageArguments& image) {
      binary_weight_conv_scalar(s, weights, scales, image, {0, s.out_plane(), 0, weights.panels()});
    });
    expect_near(fast, slow, tolerance(s));
  });
}

TEST(BinaryWeightConv, IsAConvolutionWithPlusAndMinusOnes) {
  on_every_level(50, [](Random& random) {
    const ConvShape s = any_binary_conv(random);
    const std::vector<uint64_t> bits = random_bits(random, s.out_channels * s.depth());
    const BinaryWeights weights = pack_binary(s, bits);
    ConvProblem problem(s, random);
    problem.weights = plus_minus(bits, s.out_channels * s.depth());
    const std::vector<float> ones(s.out_channels, 1.0f);
    std::vector<float> scratch(binary_weight_conv_scratch(s), NAN);
    const std::vector<float> found = problem.solve([&](const ImageArguments& image) {
      binary_weight_conv(s, weights, {ones.data(), problem.bias.empty() ? nullptr : problem.bias.data()},
                         image, {0, s.out_plane(), 0, weights.panels()}, scratch.data());
    });
    expect_near(found, problem.solve_slowly(), 10 * tolerance(s));
  });
}

// As the planner would have it: what is added is what was in the output.
TEST(BinaryWeightConv, AddsToItsOwnOutput) {
  on_every_level(20, [](Random& random) {
    const ConvShape s = any_binary_conv(random);
    const BinaryWeights weights = pack_binary(s, random_bits(random, s.out_channels * s.depth()));
    ConvProblem problem(s, random);
    const std::vector<float> ones(s.out_channels, 1.0f);
    std::vector<float> out(s.out_plane() * s.out_channels, 1.0f), sums(out.size());
    std::vector<float> scratch(binary_weight_conv_scratch(s));
    const auto solve = [&](const ImageArguments& image) {
      binary_weight_conv(s, weights, {ones.data()}, image, {0, s.out_plane(), 0, weights.panels()},
                         scratch.data());
    };
    solve({problem.in.data(), problem.in_stride, sums.data(), s.out_channels});
    solve({problem.in.data(), problem.in_stride, out.data(), s.out_channels, out.data(), s.out_channels});
    for (float& sum : sums) sum += 1;
    expect_near(out, sums, 1e-4f);
  });
}

TEST(BinaryWeightConv, WhatIsNotANumberStaysSo) {
  on_every_level(10, [](Random& random) {
    const ConvShape s = any_binary_conv(random);
    const BinaryWeights weights = pack_binary(s, random_bits(random, s.out_channels * s.depth()));
    ConvProblem problem(s, random);
    problem.clamp = {0, 6};
    const std::vector<float> scale(s.out_channels, NAN);
    std::vector<float> scratch(binary_weight_conv_scratch(s));
    const std::vector<float> out = problem.solve([&](const ImageArguments& image) {
      binary_weight_conv(s, weights, {scale.data()}, image, {0, s.out_plane(), 0, weights.panels()},
                         scratch.data());
    });
    for (size_t pixel = 0; pixel < s.out_plane(); ++pixel)
      for (size_t c = 0; c < s.out_channels; ++c)
        ASSERT_TRUE(std::isnan(out[pixel * problem.out_stride + c]));
  });
}

}  // namespace
}  // namespace netsuke::kernels
