#include "kernels/binary/signs.h"

#include <cmath>
#include <limits>

#include "kernels/binary/test_support.h"
#include "kernels/image_test_support.h"

namespace netsuke::kernels {
namespace {

// An image with scales and shifts, or none.
struct Problem {
  explicit Problem(Random& random)
      : image(random, pick(random, 1, 9), any_binary_channels(random)),
        scale(random_values(random, image.channels)),
        shift(random_values(random, image.channels)) {
    image.fill(random);
    pixels = {image.data(), image.stride, image.pixels, image.channels};
    if (random.below(2)) pixels.scale = scale.data();
    if (random.below(2)) pixels.shift = shift.data();
  }

  // No result that another order of roundings would change the sign of.
  bool is_clear(size_t pixel, size_t c) {
    const float x = image.at(pixel, c) * (pixels.scale ? scale[c] : 1) + (pixels.shift ? shift[c] : 0);
    return std::abs(x) > 1e-6f;
  }

  Image image;
  std::vector<float> scale, shift;
  RealPixels pixels;
};

TEST(PackSigns, EqualsItsScalarTwin) {
  on_every_level(300, [](Random& random) {
    Problem problem(random);
    const size_t words = sign_words(problem.image.channels), count = problem.image.pixels * words;
    std::vector<uint64_t> fast(count, 7), slow(count, 9);
    pack_signs(problem.pixels, fast.data());
    pack_signs_scalar(problem.pixels, slow.data());
    for (size_t i = 0; i < count * 64; ++i) {
      const size_t pixel = i / 64 / words, c = i % (64 * words);
      if (c < problem.image.channels && !problem.is_clear(pixel, c)) continue;
      ASSERT_EQ(fast[i / 64] >> i % 64 & 1, slow[i / 64] >> i % 64 & 1) << pixel << ", " << c;
    }
  });
}

TEST(PackSigns, TakesZeroForPlusAndNanForMinus) {
  on_every_level(1, [](Random&) {
    const std::vector<float> in{0.0f, -0.0f, NAN, 1e-45f, -1e-45f, INFINITY, -INFINITY};
    uint64_t fast = 0, slow = 0;
    pack_signs({in.data(), in.size(), 1, in.size()}, &fast);
    pack_signs_scalar({in.data(), in.size(), 1, in.size()}, &slow);
    EXPECT_EQ(fast, 0b0101011u);
    EXPECT_EQ(slow, 0b0101011u);
  });
}

TEST(MeanAbs, EqualsItsScalarTwin) {
  on_every_level(300, [](Random& random) {
    Problem problem(random);
    std::vector<float> fast(problem.image.pixels), slow = fast;
    mean_abs(problem.pixels, fast.data());
    mean_abs_scalar(problem.pixels, slow.data());
    expect_near(fast, slow, 1e-5f);
  });
}

TEST(BoxFilter, IsAConvolutionWithEqualWeights) {
  for (uint64_t seed = 0; seed < 300; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    ConvShape s = any_binary_conv(random);
    s.channels = s.out_channels = 1;
    const std::vector<float> a = random_values(random, s.height * s.width);
    const std::vector<float> weights(s.depth(), 1.0f / static_cast<float>(s.depth()));
    std::vector<float> k(s.out_plane(), 7), expected = k;
    box_filter(s, a.data(), k.data());
    conv2d_scalar(s, weights.data(), nullptr, {a.data(), 1, expected.data(), 1});
    expect_near(k, expected, 1e-5f);
  }
}

}  // namespace
}  // namespace netsuke::kernels
