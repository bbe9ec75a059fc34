#include "kernels/elementwise/image_arithmetic.h"

#include "kernels/image_test_support.h"

namespace netsuke::kernels {
namespace {

Clamp any_clamp(Random& random) { return random.below(2) ? Clamp{0, 0.5f} : Clamp{}; }

TEST(ImageArithmetic, ScalesAndShiftsLikeItsTwin) {
  on_every_level(100, [](Random& random) {
    Image in = Image(random, pick(random, 1, 30), any_channels(random)).fill(random);
    Image fast(random, in.pixels, in.channels), slow = fast;
    const Clamp clamp = any_clamp(random);
    const std::vector<float> scale = random_values(random, in.channels),
                             shift = random_values(random, in.channels);
    const auto run = [&](Image& out, size_t first, size_t last) {
      image_scale_shift(in.data(), in.stride, in.channels, scale.data(), shift.data(), clamp, out.data(),
                        out.stride, first, last);
    };
    const size_t middle = pick(random, 0, in.pixels);
    run(fast, 0, middle);
    run(fast, middle, in.pixels);
    image_scale_shift_scalar(in.data(), in.stride, in.channels, scale.data(), shift.data(), clamp,
                             slow.data(), slow.stride, 0, in.pixels);
    expect_near(fast.values, slow.values, 1e-6f);
    run(in, 0, in.pixels);  // in place
    for (size_t p = 0; p < in.pixels; ++p)
      for (size_t c = 0; c < in.channels; ++c) ASSERT_EQ(in.at(p, c), fast.at(p, c));
  });
}

TEST(ImageArithmetic, AddsLikeItsTwin) {
  on_every_level(100, [](Random& random) {
    Image a = Image(random, pick(random, 1, 30), any_channels(random)).fill(random);
    Image b = Image(random, a.pixels, a.channels).fill(random);
    Image fast(random, a.pixels, a.channels), slow = fast;
    const Clamp clamp = any_clamp(random);
    const auto run = [&](Image& out, size_t first, size_t last) {
      add_images(a.data(), a.stride, b.data(), b.stride, a.channels, clamp, out.data(), out.stride, first,
                 last);
    };
    const size_t middle = pick(random, 0, a.pixels);
    run(fast, 0, middle);
    run(fast, middle, a.pixels);
    add_images_scalar(a.data(), a.stride, b.data(), b.stride, a.channels, clamp, slow.data(), slow.stride, 0,
                      a.pixels);
    EXPECT_EQ(fast.values, slow.values);
    run(b, 0, a.pixels);  // in place
    for (size_t p = 0; p < a.pixels; ++p)
      for (size_t c = 0; c < a.channels; ++c) ASSERT_EQ(b.at(p, c), slow.at(p, c));
  });
}

TEST(ImageArithmetic, SlopesLikeItsTwin) {
  on_every_level(100, [](Random& random) {
    Image in = Image(random, pick(random, 1, 30), any_channels(random)).fill(random);
    Image fast(random, in.pixels, in.channels), slow = fast;
    const Clamp clamp = any_clamp(random);
    const std::vector<float> slope = random_values(random, in.channels);
    const auto run = [&](Image& out, size_t first, size_t last) {
      image_prelu(in.data(), in.stride, in.channels, slope.data(), clamp, out.data(), out.stride, first,
                  last);
    };
    const size_t middle = pick(random, 0, in.pixels);
    run(fast, 0, middle);
    run(fast, middle, in.pixels);
    image_prelu_scalar(in.data(), in.stride, in.channels, slope.data(), clamp, slow.data(), slow.stride, 0,
                       in.pixels);
    EXPECT_EQ(fast.values, slow.values);
    run(in, 0, in.pixels);  // in place
    for (size_t p = 0; p < in.pixels; ++p)
      for (size_t c = 0; c < in.channels; ++c) ASSERT_EQ(in.at(p, c), slow.at(p, c));
  });
}

TEST(ImageArithmetic, WhatIsNotANumberStaysSo) {
  on_every_level(20, [](Random& random) {
    const size_t pixels = pick(random, 1, 30), channels = any_channels(random);
    const Clamp clamp{0, 0.5f};
    Image number = Image(random, pixels, channels).fill(random), none(random, pixels, channels),
          out(random, pixels, channels);
    for (size_t p = 0; p < pixels; ++p) std::fill_n(&none.at(p, 0), channels, NAN);
    const std::vector<float> ones(channels, 1.0f);
    image_scale_shift(none.data(), none.stride, channels, ones.data(), ones.data(), clamp, out.data(),
                      out.stride, 0, pixels);
    expect_no_numbers(out);
    out.fill(random);
    add_images(number.data(), number.stride, none.data(), none.stride, channels, clamp, out.data(),
               out.stride, 0, pixels);
    expect_no_numbers(out);
    out.fill(random);
    image_prelu(none.data(), none.stride, channels, ones.data(), clamp, out.data(), out.stride, 0, pixels);
    expect_no_numbers(out);
  });
}

}  // namespace
}  // namespace netsuke::kernels
