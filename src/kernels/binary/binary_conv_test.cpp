#include "kernels/binary/binary_conv.h"

#include <cmath>

#include "kernels/binary/test_support.h"

namespace netsuke::kernels {
namespace {

// A convolution with some of what may follow it. What lies beside the output's pixels is not written.
struct Problem {
  explicit Problem(Random& random) : shape(any_binary_conv(random)) {
    const ConvShape& s = shape;
    bits = random_bits(random, s.out_channels * s.depth());
    for (std::vector<float>* values : {&scale, &shift, &slope, &sign_scale, &sign_shift})
      *values = random_values(random, s.out_channels);
    k = random_values(random, s.out_plane()), add = random_values(random, s.out_plane() * s.out_channels);
    in = random_values(random, s.height * s.width * s.channels);
    for (float& x : in) x = x < 0 ? -1.0f : 1.0f;
    signs.resize(s.height * s.width * sign_words(s.channels));
    pack_signs_scalar({in.data(), s.channels, s.height * s.width, s.channels}, signs.data());
    const auto maybe = [&](const std::vector<float>& v) { return random.below(2) ? v.data() : nullptr; };
    output = {scale.data(), maybe(shift), maybe(k), maybe(add), s.out_channels, maybe(slope)};
    output.sign_scale = maybe(sign_scale), output.sign_shift = maybe(sign_shift);
    if (random.below(2)) output.clamp = {-1, 6};
    output.out_stride = s.out_channels + random.below(3);
    out.resize(s.out_plane() * output.out_stride, 7), out_signs.resize(s.out_plane() * words(), ~uint64_t{0});
  }

  size_t words() const { return sign_words(shape.out_channels); }
  ConvPart all() const { return {0, shape.out_plane(), 0, binary_panels(shape.out_channels)}; }

  ConvShape shape;
  std::vector<uint64_t> bits, signs;
  std::vector<float> in, scale, shift, slope, sign_scale, sign_shift, k, add;
  BinaryOutput output;
  std::vector<float> out;
  std::vector<uint64_t> out_signs;
};

// Signs are compared but where `values`, of which they are the signs, are near 0.
void expect_signs(const Problem& problem, const std::vector<uint64_t>& found,
                  const std::vector<uint64_t>& expected, const std::vector<float>& values) {
  const size_t outputs = problem.shape.out_channels;
  for (size_t i = 0; i < found.size() * 64; ++i) {
    const size_t pixel = i / 64 / problem.words(), o = i % (64 * problem.words());
    if (o < outputs) {
      const float scale = problem.output.sign_scale ? problem.sign_scale[o] : 1,
                  shift = problem.output.sign_shift ? problem.sign_shift[o] : 0;
      const float value = values[pixel * problem.output.out_stride + o];
      if (value != 0 && std::abs(value * scale + shift) < 1e-3f) continue;
    }
    ASSERT_EQ(found[i / 64] >> i % 64 & 1, expected[i / 64] >> i % 64 & 1) << pixel << ", " << o;
  }
}

TEST(BinaryConv, EqualsItsScalarTwinHoweverItIsSplit) {
  on_every_level(200, [](Random& random) {
    Problem problem(random);
    const ConvShape& s = problem.shape;
    const BinaryWeights weights = pack_binary(s, problem.bits);
    std::vector<float> scratch(binary_conv_scratch(s), NAN), slow = problem.out, fast = slow;
    std::vector<uint64_t> slow_signs(problem.out_signs.size()), fast_signs = problem.out_signs;
    BinaryOutput output = problem.output;
    output.out = slow.data(), output.signs = slow_signs.data();
    binary_conv_scalar(s, weights, problem.signs.data(), output, problem.all());
    // Floats, signs, or both.
    const size_t what = random.below(3);
    output.out = what == 1 ? nullptr : fast.data(), output.signs = what == 2 ? nullptr : fast_signs.data();
    in_parts(random, s, [&](const ConvPart& part) {
      binary_conv(s, weights, problem.signs.data(), output, part, scratch.data());
    });
    if (output.out) expect_near(fast, slow, 1e-3f);
    if (output.signs) expect_signs(problem, fast_signs, slow_signs, slow);
  });
}

// To the bit: with a scale of 1 all sums are whole numbers.
TEST(BinaryConv, IsAConvolutionOfPlusAndMinusOnes) {
  on_every_level(100, [](Random& random) {
    Problem problem(random);
    const ConvShape& s = problem.shape;
    const BinaryWeights weights = pack_binary(s, problem.bits);
    const std::vector<float> ones(s.out_channels, 1.0f),
        real = plus_minus(problem.bits, s.out_channels * s.depth());
    std::vector<float> expected(s.out_plane() * s.out_channels), found = expected;
    conv2d_scalar(s, real.data(), nullptr, {problem.in.data(), s.channels, expected.data(), s.out_channels});
    std::vector<float> scratch(binary_conv_scratch(s), NAN);
    BinaryOutput output;
    output.scale = ones.data(), output.out = found.data(), output.out_stride = s.out_channels;
    binary_conv(s, weights, problem.signs.data(), output, problem.all(), scratch.data());
    EXPECT_EQ(found, expected);
    std::fill(found.begin(), found.end(), NAN);
    binary_conv_scalar(s, weights, problem.signs.data(), output, problem.all());
    EXPECT_EQ(found, expected);
  });
}

// More than a byte can count.
TEST(BinaryConv, CountsBitsThatAllDiffer) {
  on_every_level(1, [](Random&) {
    const ConvShape s{100'000, 1, 1, 70, 1, 1};
    const std::vector<uint64_t> bits((s.channels * s.out_channels + 63) / 64, 0);
    const BinaryWeights weights = pack_binary(s, bits);
    std::vector<uint64_t> in(sign_words(s.channels), ~uint64_t{0});
    in.back() >>= 64 - s.channels % 64;
    const std::vector<float> ones(s.out_channels, 1.0f);
    std::vector<float> found(s.out_channels), scratch(binary_conv_scratch(s));
    BinaryOutput output;
    output.scale = ones.data(), output.out = found.data();
    binary_conv(s, weights, in.data(), output, {0, 1, 0, 2}, scratch.data());
    EXPECT_EQ(found, std::vector<float>(s.out_channels, -100'000.0f));
  });
}

TEST(BinaryConv, WhatIsNotANumberStaysSo) {
  on_every_level(10, [](Random& random) {
    Problem problem(random);
    const ConvShape& s = problem.shape;
    const BinaryWeights weights = pack_binary(s, problem.bits);
    std::vector<float> scratch(binary_conv_scratch(s));
    problem.scale.assign(s.out_channels, NAN);
    BinaryOutput output = problem.output;
    output.clamp = {0, 6}, output.out = problem.out.data();
    binary_conv(s, weights, problem.signs.data(), output, problem.all(), scratch.data());
    for (size_t pixel = 0; pixel < s.out_plane(); ++pixel)
      for (size_t c = 0; c < s.out_channels; ++c)
        ASSERT_TRUE(std::isnan(problem.out[pixel * output.out_stride + c]));
  });
}

}  // namespace
}  // namespace netsuke::kernels
