#include "kernels/pool/pool.h"

#include "kernels/test_support.h"

namespace netsuke::kernels {
namespace {

// Output length; a window that hangs over the far edge counts if `ceil` and it starts before the far padding.
size_t out_size(size_t size, size_t pad, size_t pad_after, size_t kernel, size_t stride, bool ceil) {
  if (size + pad + pad_after < kernel) return 0;
  const size_t slack = size + pad + pad_after - kernel;
  size_t count = (ceil ? slack + stride - 1 : slack) / stride + 1;
  if (ceil && (count - 1) * stride >= size + pad) --count;
  return count;
}

PoolShape any_shape(Random& random) {
  PoolShape s;
  const bool ceil = random.below(2);
  s.height = pick(random, 1, 12), s.width = pick(random, 1, 60);
  s.kernel_h = pick(random, 1, 4), s.kernel_w = pick(random, 1, 4);
  s.stride_h = pick(random, 1, 4), s.stride_w = pick(random, 1, 4);
  s.pad_top = pick(random, 0, s.kernel_h - 1), s.pad_bottom = pick(random, 0, s.kernel_h - 1);
  s.pad_left = pick(random, 0, s.kernel_w - 1), s.pad_right = pick(random, 0, s.kernel_w - 1);
  s.count_pad = random.below(2);
  s.out_height = out_size(s.height, s.pad_top, s.pad_bottom, s.kernel_h, s.stride_h, ceil);
  s.out_width = out_size(s.width, s.pad_left, s.pad_right, s.kernel_w, s.stride_w, ceil);
  return s.out_height && s.out_width ? s : any_shape(random);
}

TEST(Pool, EqualsItsScalarTwin) {
  on_every_level(200, [](Random& random) {
    const PoolShape s = any_shape(random);
    const size_t planes = pick(random, 1, 3), outs = planes * s.out_height * s.out_width;
    const std::vector<float> in = random_values(random, planes * s.height * s.width);
    std::vector<float> fast(outs, 7), slow(outs), scratch(pool_scratch(s), NAN);
    max_pool(s, planes, in.data(), fast.data(), scratch.data());
    max_pool_scalar(s, planes, in.data(), slow.data());
    EXPECT_EQ(fast, slow);
    avg_pool(s, planes, in.data(), fast.data(), scratch.data());
    avg_pool_scalar(s, planes, in.data(), slow.data());
    expect_near(fast, slow, 1e-5f);
  });
}

}  // namespace
}  // namespace netsuke::kernels
