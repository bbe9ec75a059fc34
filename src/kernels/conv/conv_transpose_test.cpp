#include "kernels/conv/conv_transpose.h"

#include "kernels/conv/test_support.h"

namespace netsuke::kernels {
namespace {

ConvShape any_transposed(Random& random) {
  ConvShape s = any_conv(random);
  const auto out = [&](size_t in, size_t kernel, size_t stride, size_t dilation, size_t before) {
    const size_t all = (in - 1) * stride + (kernel - 1) * dilation + 1 + random.below(stride),
                 left_out = before + random.below(3);
    return all > left_out ? all - left_out : 0;
  };
  s.height = pick(random, 1, 8), s.width = pick(random, 1, 20);
  // So much may be left out that no window begins before the image.
  if (random.below(4) == 0) s.pad_top = pick(random, 0, 12), s.pad_left = pick(random, 0, 30);
  s.out_height = out(s.height, s.kernel_h, s.stride_h, s.dilation_h, s.pad_top);
  s.out_width = out(s.width, s.kernel_w, s.stride_w, s.dilation_w, s.pad_left);
  return s.out_height && s.out_width ? s : any_transposed(random);
}

TEST(ConvTranspose, EqualsItsScalarTwinHoweverItIsSplit) {
  on_every_level(300, [](Random& random) {
    const ConvShape s = any_transposed(random);
    const ConvProblem problem(s, random);
    ASSERT_TRUE(conv_transpose_fits(s));
    const TransposedConv packed = pack_conv_transpose(s, problem.weights.data(), problem.bias);
    std::vector<float> scratch(conv_transpose_scratch(packed), NAN);
    const size_t row = pick(random, 0, s.out_height);
    const std::vector<float> fast = problem.solve([&](const ImageArguments& image) {
      conv_transpose(packed, image, 0, row, scratch.data());
      conv_transpose(packed, image, row, s.out_height, scratch.data());
    });
    const std::vector<float> slow = problem.solve([&](const ImageArguments& image) {
      conv_transpose_scalar(s, problem.weights.data(), problem.bias.empty() ? nullptr : problem.bias.data(),
                            image);
    });
    expect_near(fast, slow, 1e-4f);
  });
}

TEST(ConvTranspose, WhatNoRealLayerHasDoesNotFit) {
  ConvShape s{64, 56, 56, 32, 112, 112, 4, 4, 2, 2, 1, 1, 1, 1};
  EXPECT_TRUE(conv_transpose_fits(s));
  ConvShape wide = s;  // of a row of a million only the last pixel is left
  wide.channels = 4, wide.width = 1 << 20, wide.kernel_w = wide.stride_w = 1,
  wide.kernel_h = wide.out_width = 1;
  wide.pad_left = (1 << 20) - 1;
  EXPECT_TRUE(conv_transpose_fits(wide));  // one element alone is no wider for it
  wide.kernel_w = 2;
  EXPECT_FALSE(conv_transpose_fits(wide));
  ConvShape tall = s;
  tall.dilation_h = 1 << 24, tall.stride_h = 1;
  EXPECT_FALSE(conv_transpose_fits(tall));
  ConvShape many = s;
  many.channels = many.out_channels = many.groups = 1 << 20;
  many.kernel_h = many.kernel_w = 1, many.stride_h = many.stride_w = 8;
  EXPECT_FALSE(conv_transpose_fits(many));
}

}  // namespace
}  // namespace netsuke::kernels
