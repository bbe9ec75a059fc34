#include "kernels/elementwise/image_resize.h"

#include "kernels/image_test_support.h"

namespace netsuke::kernels {
namespace {

// Any pixels of so many, often without a share of the second.
std::vector<ResizeSource> any_sources(Random& random, size_t pixels) {
  std::vector<ResizeSource> sources(pick(random, 1, 12));
  for (ResizeSource& s : sources) {
    s.first = random.below(pixels), s.second = random.below(pixels);
    if (random.below(2)) s.share = static_cast<float>(random.uniform());
  }
  return sources;
}

TEST(ImageResize, EqualsItsScalarTwin) {
  on_every_level(100, [](Random& random) {
    const size_t height = pick(random, 1, 6), width = pick(random, 1, 9);
    Image in = Image(random, height * width, any_channels(random)).fill(random);
    const ImageResize resize{width, in.channels, any_sources(random, height), any_sources(random, width)};
    const size_t rows = resize.rows.size(), middle = pick(random, 0, rows);
    Image fast(random, rows * resize.columns.size(), in.channels), slow = fast;
    image_resize(resize, in.data(), in.stride, fast.data(), fast.stride, 0, middle);
    image_resize(resize, in.data(), in.stride, fast.data(), fast.stride, middle, rows);
    image_resize_scalar(resize, in.data(), in.stride, slow.data(), slow.stride, 0, rows);
    expect_near(fast.values, slow.values, 1e-6f);
  });
}

}  // namespace
}  // namespace netsuke::kernels
