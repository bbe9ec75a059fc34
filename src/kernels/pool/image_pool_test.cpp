#include "kernels/pool/image_pool.h"

#include "kernels/image_test_support.h"

namespace netsuke::kernels {
namespace {

// Output length; a window that hangs over the far edge counts if `ceil` and it starts before the far padding.
size_t out_size(size_t size, size_t pad, size_t pad_after, size_t kernel, size_t stride, bool ceil) {
  const size_t reach = size + pad + pad_after + (ceil ? stride - 1 : 0);
  if (reach < kernel) return 0;
  size_t count = (reach - kernel) / stride + 1;
  if (ceil && (count - 1) * stride >= size + pad) --count;
  return count;
}

PoolShape any_shape(Random& random) {
  PoolShape s;
  const bool ceil = random.below(2);
  s.height = pick(random, 1, 12), s.width = pick(random, 1, 12);
  s.kernel_h = pick(random, 1, 4), s.kernel_w = pick(random, 1, 4);
  s.stride_h = pick(random, 1, 4), s.stride_w = pick(random, 1, 4);
  s.pad_top = pick(random, 0, s.kernel_h - 1), s.pad_bottom = pick(random, 0, s.kernel_h - 1);
  s.pad_left = pick(random, 0, s.kernel_w - 1), s.pad_right = pick(random, 0, s.kernel_w - 1);
  s.count_pad = random.below(2);
  s.out_height = out_size(s.height, s.pad_top, s.pad_bottom, s.kernel_h, s.stride_h, ceil);
  s.out_width = out_size(s.width, s.pad_left, s.pad_right, s.kernel_w, s.stride_w, ceil);
  return s.out_height && s.out_width ? s : any_shape(random);
}

using Pool = void (*)(const PoolShape&, size_t, const float*, size_t, float*, size_t, size_t, size_t);

// In two parts, as two threads would.
void expect_twins(Pool fast_pool, Pool slow_pool, const PoolShape& s, Image& in, Random& random) {
  Image fast(random, s.out_height * s.out_width, in.channels), slow = fast;
  const size_t middle = pick(random, 0, s.out_height);
  fast_pool(s, in.channels, in.data(), in.stride, fast.data(), fast.stride, 0, middle);
  fast_pool(s, in.channels, in.data(), in.stride, fast.data(), fast.stride, middle, s.out_height);
  slow_pool(s, in.channels, in.data(), in.stride, slow.data(), slow.stride, 0, s.out_height);
  expect_near(fast.values, slow.values, 1e-6f);
}

TEST(ImagePool, EqualsItsScalarTwin) {
  on_every_level(200, [](Random& random) {
    const PoolShape s = any_shape(random);
    Image in = Image(random, s.height * s.width, any_channels(random)).fill(random);
    expect_twins(image_max_pool, image_max_pool_scalar, s, in, random);
    expect_twins(image_avg_pool, image_avg_pool_scalar, s, in, random);
  });
}

TEST(ImagePool, WhatIsNotANumberStaysSo) {
  on_every_level(40, [](Random& random) {
    const PoolShape whole{
        .height = 4, .width = 5, .out_height = 1, .out_width = 1, .kernel_h = 4, .kernel_w = 5};
    Image in = Image(random, 20, any_channels(random)).fill(random);
    const size_t where = pick(random, 0, 19);
    std::fill_n(&in.at(where, 0), in.channels, NAN);
    Image out(random, 1, in.channels);
    image_max_pool(whole, in.channels, in.data(), in.stride, out.data(), out.stride, 0, 1);
    expect_no_numbers(out);
    out.fill(random);
    image_maxima(in.data(), in.stride, in.channels, in.pixels, out.data());
    expect_no_numbers(out);
  });
}

TEST(ImagePool, OfAllPixelsEqualsItsScalarTwin) {
  on_every_level(100, [](Random& random) {
    Image in = Image(random, pick(random, 1, random.below(4) ? 60 : 2000), any_channels(random)).fill(random);
    std::vector<float> fast(in.channels), slow(in.channels);
    image_means(in.data(), in.stride, in.channels, in.pixels, fast.data());
    image_means_scalar(in.data(), in.stride, in.channels, in.pixels, slow.data());
    expect_near(fast, slow, 1e-6f);
    image_maxima(in.data(), in.stride, in.channels, in.pixels, fast.data());
    image_maxima_scalar(in.data(), in.stride, in.channels, in.pixels, slow.data());
    EXPECT_EQ(fast, slow);
  });
}

}  // namespace
}  // namespace netsuke::kernels
