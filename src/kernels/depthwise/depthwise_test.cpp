#include "kernels/depthwise/depthwise.h"

#include "kernels/image_test_support.h"

namespace netsuke::kernels {
namespace {

// Output length for these sizes, 0 if the window does not fit.
size_t out_size(size_t size, size_t pads, size_t kernel, size_t dilation, size_t stride) {
  const size_t extent = (kernel - 1) * dilation + 1;
  return size + pads < extent ? 0 : (size + pads - extent) / stride + 1;
}

ConvShape any_shape(Random& random) {
  ConvShape s;
  s.channels = s.out_channels = s.groups = any_channels(random);
  s.height = pick(random, 1, 9), s.width = pick(random, 1, 20);
  // Half of the time a window that is dear to us.
  const bool usual = random.below(2);
  s.kernel_w = usual ? (random.below(2) ? 3 : 5) : pick(random, 1, 6);
  s.kernel_h = usual ? s.kernel_w : pick(random, 1, 5);
  s.stride_h = pick(random, 1, usual ? 2 : 3), s.stride_w = pick(random, 1, usual ? 2 : 3);
  s.dilation_h = usual ? 1 : pick(random, 1, 2), s.dilation_w = usual ? 1 : pick(random, 1, 2);
  // Padding may be wider than the window: some windows then see none of the image.
  s.pad_top = pick(random, 0, 6), s.pad_left = pick(random, 0, 6);
  s.out_height = out_size(s.height, s.pad_top + pick(random, 0, 6), s.kernel_h, s.dilation_h, s.stride_h);
  s.out_width = out_size(s.width, s.pad_left + pick(random, 0, 6), s.kernel_w, s.dilation_w, s.stride_w);
  return s.out_height && s.out_width ? s : any_shape(random);
}

TEST(Depthwise, EqualsItsScalarTwin) {
  on_every_level(300, [](Random& random) {
    const ConvShape s = any_shape(random);
    const std::vector<float> weights = random_values(random, s.channels * s.kernel_h * s.kernel_w),
                             bias = random_values(random, s.channels);
    const DepthwiseWeights packed = pack_depthwise(weights.data(), random.below(2) ? bias.data() : nullptr,
                                                   s.channels, s.kernel_h, s.kernel_w);
    const Clamp clamp = random.below(2) ? Clamp{0, 6} : Clamp{};
    Image in = Image(random, s.height * s.width, s.channels).fill(random);
    Image fast(random, s.out_plane(), s.channels), slow = fast;
    const size_t middle = pick(random, 0, s.out_height);
    depthwise(s, packed, in.data(), in.stride, fast.data(), fast.stride, clamp, 0, middle);
    depthwise(s, packed, in.data(), in.stride, fast.data(), fast.stride, clamp, middle, s.out_height);
    depthwise_scalar(s, packed, in.data(), in.stride, slow.data(), slow.stride, clamp, 0, s.out_height);
    expect_near(fast.values, slow.values, 1e-5f);
  });
}

// The twin itself against the convolution that knows nothing of packed weights.
TEST(Depthwise, IsAGroupedConvolution) {
  for (uint64_t seed = 0; seed < 50; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    const ConvShape s = any_shape(random);
    const std::vector<float> weights = random_values(random, s.channels * s.depth()),
                             bias = random_values(random, s.channels);
    Image in = Image(random, s.height * s.width, s.channels).fill(random);
    Image found(random, s.out_plane(), s.channels), expected = found;
    conv2d_scalar(s, weights.data(), bias.data(), {in.data(), in.stride, expected.data(), expected.stride});
    depthwise_scalar(s, pack_depthwise(weights.data(), bias.data(), s.channels, s.kernel_h, s.kernel_w),
                     in.data(), in.stride, found.data(), found.stride, {}, 0, s.out_height);
    expect_near(found.values, expected.values, 1e-5f);
  }
}

TEST(Depthwise, WhatIsNotANumberStaysSo) {
  on_every_level(20, [](Random& random) {
    const ConvShape s = any_shape(random);
    const std::vector<float> weights = random_values(random, s.channels * s.kernel_h * s.kernel_w),
                             bias(s.channels, NAN);
    const DepthwiseWeights packed =
        pack_depthwise(weights.data(), bias.data(), s.channels, s.kernel_h, s.kernel_w);
    Image in = Image(random, s.height * s.width, s.channels).fill(random);
    Image out(random, s.out_plane(), s.channels);
    depthwise(s, packed, in.data(), in.stride, out.data(), out.stride, {0, 6}, 0, s.out_height);
    expect_no_numbers(out);
  });
}

}  // namespace
}  // namespace netsuke::kernels
