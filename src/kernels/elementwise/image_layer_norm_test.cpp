#include "kernels/elementwise/image_layer_norm.h"

#include "kernels/image_test_support.h"

namespace netsuke::kernels {
namespace {

TEST(ImageLayerNorm, EqualsItsScalarTwin) {
  on_every_level(100, [](Random& random) {
    Image in = Image(random, pick(random, 1, 12), pick(random, 1, 70)).fill(random);
    std::vector<float> scale, shift;
    for (size_t c = 0; c < in.channels; ++c) {
      scale.push_back(static_cast<float>(random.uniform(-2, 2)));
      shift.push_back(static_cast<float>(random.uniform(-2, 2)));
    }
    const ImageLayerNorm norm{scale, shift, random.below(2) ? 1e-5f : 0.1f};
    Image fast(random, in.pixels, in.channels), slow = fast;
    const size_t middle = pick(random, 0, in.pixels);
    image_layer_norm(norm, in.data(), in.stride, fast.data(), fast.stride, 0, middle);
    image_layer_norm(norm, in.data(), in.stride, fast.data(), fast.stride, middle, in.pixels);
    image_layer_norm_scalar(norm, in.data(), in.stride, slow.data(), slow.stride, 0, in.pixels);
    expect_near(fast.values, slow.values, 2e-5f);
  });
}

}  // namespace
}  // namespace netsuke::kernels
