#include "kernels/conv/conv.h"

#include "kernels/conv/test_support.h"

namespace netsuke::kernels {
namespace {

// Makes the problem's weights share some values.
ConvWeights packed_codes(ConvProblem& problem, Random& random) {
  const std::vector<float> centroids = random_values(random, pick(random, 1, kMostCentroids));
  std::vector<uint16_t> codes;
  for (float& weight : problem.weights) {
    codes.push_back(static_cast<uint16_t>(random.below(centroids.size())));
    weight = centroids[codes.back()];
  }
  return pack_conv(problem.shape, codes, centroids, problem.bias);
}

// One that may read channels that are yet to be shuffled.
ConvShape any_shuffled_conv(Random& random) {
  ConvShape s = any_conv(random);
  const size_t groups = pick(random, 1, 6);
  if (s.channels % groups == 0) s.shuffle = groups;
  return s;
}

TEST(Conv2d, EqualsItsScalarTwinHoweverItIsSplit) {
  on_every_level(300, [](Random& random) {
    const ConvShape s = any_shuffled_conv(random);
    ConvProblem problem(s, random);
    const ConvWeights packed = s.shuffle == 1 && random.below(3) == 0
                                   ? packed_codes(problem, random)
                                   : pack_conv(s, problem.weights.data(), problem.bias);
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
