#include "kernels/conv/conv.h"

#include "kernels/test_support.h"

namespace netsuke::kernels {
namespace {

// Output length for these sizes, 0 if the window does not fit.
size_t out_size(size_t size, size_t pads, size_t kernel, size_t dilation, size_t stride) {
  const size_t extent = (kernel - 1) * dilation + 1;
  return size + pads < extent ? 0 : (size + pads - extent) / stride + 1;
}

ConvShape any_shape(Random& random) {
  ConvShape s;
  s.groups = random.below(3) == 0 ? pick(random, 2, 4) : 1;
  s.channels = s.groups * pick(random, 1, 12), s.out_channels = s.groups * pick(random, 1, 20);
  s.height = pick(random, 1, 20), s.width = pick(random, 1, 40);
  s.kernel_h = pick(random, 1, 5), s.kernel_w = pick(random, 1, 5);
  s.stride_h = pick(random, 1, 3), s.stride_w = pick(random, 1, 3);
  s.dilation_h = pick(random, 1, 2), s.dilation_w = pick(random, 1, 2);
  s.pad_top = pick(random, 0, 3), s.pad_left = pick(random, 0, 3);
  s.out_height = out_size(s.height, s.pad_top + pick(random, 0, 3), s.kernel_h, s.dilation_h, s.stride_h);
  s.out_width = out_size(s.width, s.pad_left + pick(random, 0, 3), s.kernel_w, s.dilation_w, s.stride_w);
  return s.out_height && s.out_width ? s : any_shape(random);
}

TEST(Conv2d, EqualsItsScalarTwin) {
  on_every_level(150, [](Random& random) {
    Convolution conv{any_shape(random), nullptr, nullptr, {}};
    const ConvShape& s = conv.shape;
    const std::vector<float> image = random_values(random, s.channels * s.height * s.width),
                             weights = random_values(random, s.out_channels * s.depth()),
                             bias = random_values(random, s.out_channels);
    conv.weights = weights.data();
    if (random.below(2)) conv.bias = bias.data();
    if (random.below(2)) conv.clamp = {0, 6};
    std::vector<float> fast(s.out_channels * s.out_plane(), 7), slow = fast, scratch(conv2d_scratch(s), NAN);
    const size_t middle = pick(random, 0, s.out_plane());
    conv2d(conv, image.data(), fast.data(), 0, middle, scratch.data());
    conv2d(conv, image.data(), fast.data(), middle, s.out_plane(), scratch.data());
    conv2d_scalar(conv, image.data(), slow.data(), 0, s.out_plane());
    expect_near(fast, slow, 1e-4f);
  });
}

}  // namespace
}  // namespace netsuke::kernels
