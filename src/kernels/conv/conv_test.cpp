#include "kernels/conv/conv.h"

#include "kernels/conv/test_support.h"

namespace netsuke::kernels {
namespace {

TEST(Conv2d, EqualsItsScalarTwinHoweverItIsSplit) {
  on_every_level(200, [](Random& random) {
    const ConvShape s = any_conv(random);
    ConvProblem problem(s, random);
    const ConvWeights packed = pack_conv(s, problem.weights.data(), problem.bias);
    std::vector<float> scratch(conv2d_scratch(s), NAN);
    const size_t pixel = pick(random, 0, s.out_plane()), panel = pick(random, 0, packed.panels());
    const std::vector<float> fast = problem.solve([&](const ImageArguments& image) {
      conv2d(s, packed, image, {0, pixel, 0, packed.panels()}, scratch.data());
      conv2d(s, packed, image, {pixel, s.out_plane(), 0, panel}, scratch.data());
      conv2d(s, packed, image, {pixel, s.out_plane(), panel, packed.panels()}, scratch.data());
    });
    expect_near(fast, problem.solve_slowly(), 1e-4f);
  });
}

}  // namespace
}  // namespace netsuke::kernels
