#include "kernels/training/filter_gradient.h"

#include "kernels/conv/test_support.h"

namespace netsuke::kernels {
namespace {

TEST(FilterGradient, EqualsItsSlowTwinHoweverItIsSplit) {
  on_every_level(60, [](Random& random) {
    const ConvShape s = any_conv(random);
    const size_t images = pick(random, 1, 9);
    const std::vector<float> x = random_values(random, images * s.height * s.width * s.channels),
                             dy = random_values(random, images * s.out_plane() * s.out_channels);
    std::vector<float> fast = random_values(random, s.out_channels * s.depth()), slow = fast;
    std::vector<float> scratch(filter_gradient_scratch(s), NAN);
    const size_t panels = filter_gradient_panels(s), panel = pick(random, 0, panels);
    filter_gradient(s, x.data(), dy.data(), images, fast.data(), 0, panel, scratch.data());
    filter_gradient(s, x.data(), dy.data(), images, fast.data(), panel, panels, scratch.data());
    filter_gradient_scalar(s, x.data(), dy.data(), images, slow.data());
    expect_near(fast, slow, 1e-3f);
  });
}

// So many that not all of their rows are looked at together, and not a multiple of those that are.
TEST(FilterGradient, AddsUpManyImages) {
  on_every_level(2, [](Random& random) {
    ConvShape s;
    s.channels = 20, s.out_channels = 24, s.height = s.width = 20;
    s.kernel_h = s.kernel_w = 3, s.pad_top = s.pad_left = 1;
    ASSERT_TRUE(set_out_size(s, 1, 1));
    const size_t images = 23;
    const std::vector<float> x = random_values(random, images * s.height * s.width * s.channels),
                             dy = random_values(random, images * s.out_plane() * s.out_channels);
    std::vector<float> fast(s.out_channels * s.depth()), slow = fast;
    std::vector<float> scratch(filter_gradient_scratch(s), NAN);
    filter_gradient(s, x.data(), dy.data(), images, fast.data(), 0, filter_gradient_panels(s),
                    scratch.data());
    filter_gradient_scalar(s, x.data(), dy.data(), images, slow.data());
    expect_near(fast, slow, 5e-3f);
  });
}

}  // namespace
}  // namespace netsuke::kernels
