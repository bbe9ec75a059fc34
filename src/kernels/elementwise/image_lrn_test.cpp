#include "kernels/elementwise/image_lrn.h"

#include "kernels/image_test_support.h"

namespace netsuke::kernels {
namespace {

ImageLrn any_lrn(Random& random) {
  const size_t channels = random.below(4) ? any_channels(random) : pick(random, 250, 600);
  const size_t most = random.below(8) ? 4 : 50;
  return {channels, pick(random, 0, most), pick(random, 0, most), 0.5f, random.below(2) ? 0.75f : 0.6f, 2};
}

TEST(ImageLrn, EqualsItsScalarTwin) {
  on_every_level(200, [](Random& random) {
    const ImageLrn lrn = any_lrn(random);
    Image in = Image(random, pick(random, 1, 12), lrn.channels).fill(random);
    Image fast(random, in.pixels, in.channels), slow = fast;
    const size_t middle = pick(random, 0, in.pixels);
    image_lrn(lrn, in.data(), in.stride, fast.data(), fast.stride, 0, middle);
    image_lrn(lrn, in.data(), in.stride, fast.data(), fast.stride, middle, in.pixels);
    image_lrn_scalar(lrn, in.data(), in.stride, slow.data(), slow.stride, 0, in.pixels);
    expect_near(fast.values, slow.values, 1e-6f);
  });
}

}  // namespace
}  // namespace netsuke::kernels
