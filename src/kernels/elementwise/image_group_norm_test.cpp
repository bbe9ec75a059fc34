#include "kernels/elementwise/image_group_norm.h"

#include "kernels/image_test_support.h"

namespace netsuke::kernels {
namespace {

TEST(ImageGroupNorm, EqualsItsScalarTwin) {
  on_every_level(100, [](Random& random) {
    const size_t groups = pick(random, 1, 9), channels = groups * pick(random, 1, 20);
    Image in = Image(random, pick(random, 1, 200), channels).fill(random);
    const float far =
        random.below(2) ? 0.0f : 30.0f;  // from zero, which must not cost the variance its digits
    std::vector<float> scale, shift;
    for (size_t c = 0; c < channels; ++c) {
      for (size_t p = 0; p < in.pixels; ++p) in.at(p, c) += far;
      scale.push_back(static_cast<float>(random.uniform(-2, 2)));
      shift.push_back(static_cast<float>(random.uniform(-2, 2)));
    }
    const ImageGroupNorm norm{scale, shift, groups, random.below(2) ? 1e-3f : 0.1f};
    Image fast(random, in.pixels, channels), slow = fast;
    const size_t middle = pick(random, 0, groups);
    std::vector<float> scratch(image_group_norm_scratch(channels), NAN);
    for (const auto& [first, last] : {std::pair<size_t, size_t>{0, middle}, {middle, groups}})
      image_group_norm(norm, in.data(), in.stride, fast.data(), fast.stride, in.pixels, first, last,
                       scratch.data());
    image_group_norm_scalar(norm, in.data(), in.stride, slow.data(), slow.stride, in.pixels);
    expect_near(fast.values, slow.values, far == 0 ? 2e-5f : 5e-4f);
  });
}

}  // namespace
}  // namespace netsuke::kernels
