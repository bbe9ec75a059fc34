#include "kernels/training/filter_gradient.h"

#include "kernels/conv/test_support.h"

namespace netsuke::kernels {
namespace {

TEST(PointwiseGradient, EqualsItsSlowTwinHoweverItIsSplit) {
  on_every_level(60, [](Random& random) {
    ConvShape s;
    s.groups = pick(random, 1, 4);
    s.channels = s.groups * pick(random, 1, 30), s.out_channels = s.groups * pick(random, 1, 40);
    s.height = s.out_height = pick(random, 1, 20), s.width = s.out_width = pick(random, 1, 20);
    const size_t images = pick(random, 1, 5);
    const std::vector<float> x = random_values(random, images * s.out_plane() * s.channels),
                             dy = random_values(random, images * s.out_plane() * s.out_channels);
    std::vector<float> fast = random_values(random, s.out_channels * s.depth()), slow = fast;
    std::vector<float> scratch(pointwise_gradient_scratch(), NAN);
    const size_t panels = gradient_panels(s), panel = pick(random, 0, panels);
    pointwise_gradient(s, x.data(), dy.data(), images, fast.data(), 0, panel, scratch.data());
    pointwise_gradient(s, x.data(), dy.data(), images, fast.data(), panel, panels, scratch.data());
    filter_gradient_scalar(s, x.data(), dy.data(), images, slow.data());
    expect_near(fast, slow, 1e-3f);
  });
}

}  // namespace
}  // namespace netsuke::kernels
