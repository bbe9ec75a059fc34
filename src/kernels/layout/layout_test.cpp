#include "kernels/layout/layout.h"

#include "kernels/image_test_support.h"

namespace netsuke::kernels {
namespace {

// Calls part(first, last) for two parts of an image's pixels, as two threads would.
void in_two(Random& random, size_t pixels, const std::function<void(size_t, size_t)>& part) {
  const size_t middle = pick(random, 0, pixels);
  part(0, middle);
  part(middle, pixels);
}

TEST(Layout, MovesPlanesToPixelsAndBack) {
  on_every_level(200, [](Random& random) {
    // Pictures, of three channels, have a way of their own.
    Image fast(random, pick(random, 1, 70), random.below(4) ? any_channels(random) : 3), slow = fast;
    const std::vector<float> planes = random_values(random, fast.pixels * fast.channels);
    in_two(random, fast.pixels, [&](size_t first, size_t last) {
      to_nhwc(planes.data(), fast.channels, fast.pixels, fast.data(), fast.stride, first, last);
    });
    to_nhwc_scalar(planes.data(), slow.channels, slow.pixels, slow.data(), slow.stride, 0, slow.pixels);
    EXPECT_EQ(fast.values, slow.values);
    EXPECT_EQ(slow.at(fast.pixels - 1, 0), planes[fast.pixels - 1]);

    std::vector<float> back(planes.size()), back_slow(planes.size());
    in_two(random, fast.pixels, [&](size_t first, size_t last) {
      to_nchw(fast.data(), fast.stride, fast.channels, fast.pixels, back.data(), first, last);
    });
    EXPECT_EQ(back, planes);
    to_nchw_scalar(fast.data(), fast.stride, fast.channels, fast.pixels, back_slow.data(), 0, fast.pixels);
    EXPECT_EQ(back_slow, planes);
  });
}

TEST(Layout, CopiesChannelsAndNothingElse) {
  on_every_level(100, [](Random& random) {
    Image in = Image(random, pick(random, 1, 30), any_channels(random)).fill(random);
    Image fast(random, in.pixels, in.channels), slow = fast;
    in_two(random, in.pixels, [&](size_t first, size_t last) {
      copy_channels(in.data(), in.stride, in.channels, fast.data(), fast.stride, first, last);
    });
    copy_channels_scalar(in.data(), in.stride, in.channels, slow.data(), slow.stride, 0, in.pixels);
    EXPECT_EQ(fast.values, slow.values);
    EXPECT_EQ(slow.at(in.pixels - 1, in.channels - 1), in.at(in.pixels - 1, in.channels - 1));
  });
}

TEST(Layout, ShufflesChannels) {
  for (uint64_t seed = 0; seed < 50; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    Image in = Image(random, pick(random, 1, 30), any_channels(random)).fill(random);
    Image out(random, in.pixels, any_channels(random)), expected = out;
    std::vector<uint32_t> permutation(out.channels);
    for (uint32_t& from : permutation) from = static_cast<uint32_t>(random.below(in.channels));
    in_two(random, in.pixels, [&](size_t first, size_t last) {
      shuffle_channels(in.data(), in.stride, permutation.data(), out.channels, out.data(), out.stride, first,
                       last);
    });
    for (size_t p = 0; p < in.pixels; ++p)
      for (size_t c = 0; c < out.channels; ++c) expected.at(p, c) = in.at(p, permutation[c]);
    EXPECT_EQ(out.values, expected.values);
  }
}

}  // namespace
}  // namespace netsuke::kernels
