#include "kernels/gemm/gemm.h"

#include "base/error.h"
#include "kernels/test_support.h"

namespace netsuke::kernels {
namespace {

// Sizes around the tile's and the blocks' edges, and beyond one block of k.
size_t any_size(Random& random, size_t most) {
  return random.below(4) == 0 ? pick(random, 1, most) : pick(random, 1, 70);
}

TEST(Gemm, EqualsItsScalarTwin) {
  on_every_level(60, [](Random& random) {
    const size_t m = any_size(random, 100), n = any_size(random, 300), k = any_size(random, 1500);
    const std::vector<float> a = random_values(random, m * k), b = random_values(random, k * n),
                             bias = random_values(random, m);
    std::vector<float> fast(m * n, 7), slow(m * n);
    Gemm product{m, n, k, a.data(), k, b.data(), n, fast.data(), n, nullptr, {}};
    if (random.below(2)) product.row_bias = bias.data();
    if (random.below(2)) product.clamp = {0, 1};
    gemm(product);
    product.c = slow.data();
    gemm_scalar(product);
    expect_near(fast, slow, 1e-4f);
  });
}

TEST(Gemm, WritesNothingBesideItsMatrix) {
  on_every_level(20, [](Random& random) {
    const size_t m = pick(random, 1, 20), n = pick(random, 1, 100), k = pick(random, 1, 20), stride = n + 5;
    const std::vector<float> a = random_values(random, m * k), b = random_values(random, k * n);
    std::vector<float> c(m * stride, 7);
    gemm({m, n, k, a.data(), k, b.data(), n, c.data(), stride, nullptr, {}});
    for (size_t row = 0; row < m; ++row)
      for (size_t column = n; column < stride; ++column) ASSERT_EQ(c[row * stride + column], 7);
  });
}

TEST(Linear, EqualsAProductWithTheTransposedWeights) {
  on_every_level(40, [](Random& random) {
    const size_t m = pick(random, 1, 20), n = any_size(random, 500), k = any_size(random, 900);
    const std::vector<float> x = random_values(random, m * k), weights = random_values(random, n * k),
                             bias = random_values(random, n);
    const Panels panels = pack_panels(weights.data(), n, k, bias);
    std::vector<float> fast(m * n), split(m * n), slow(m * n);
    linear(panels, x.data(), m, fast.data(), {0, 2}, 0, panels.count());
    linear_scalar(panels, x.data(), m, slow.data(), {0, 2}, 0, panels.count());
    expect_near(fast, slow, 1e-4f);
    for (size_t panel = 0; panel < panels.count(); ++panel)
      linear(panels, x.data(), m, split.data(), {0, 2}, panel, panel + 1);
    EXPECT_EQ(split, fast);
    // The twin reads the same panels; that these hold the weights is another question.
    double first = bias[0];
    for (size_t i = 0; i < k; ++i) first += static_cast<double>(x[i]) * weights[i];
    EXPECT_NEAR(slow[0], std::clamp(first, 0.0, 2.0), 1e-4);
  });
}

TEST(CpuLevel, RefusesOneThatThisMachineLacks) {
  EXPECT_EQ(cpu_levels().front(), "scalar");
  EXPECT_THROW(set_cpu_level("mmx"), Error);
}

}  // namespace
}  // namespace netsuke::kernels
