#include "kernels/sparse/sparse_rows.h"

#include "kernels/sparse/test_support.h"

namespace netsuke::kernels {
namespace {

SparseRows packed(const SparseLayer& layer, bool shared) {
  return shared ? pack_sparse_rows(layer.rows, layer.columns, layer.positions, layer.codes, layer.centroids,
                                   layer.bias)
                : pack_sparse_rows(layer.rows, layer.columns, layer.positions, layer.values, layer.bias);
}

TEST(SparseRows, EqualsItsScalarTwinAndASumOverPositions) {
  on_every_level(100, [](Random& random) {
    const SparseLayer layer = any_sparse_layer(random);
    const bool shared = random.below(3);
    if (!sparse_rows_fit(layer.columns, layer.positions, shared ? layer.centroids.size() : 0)) return;
    const SparseRows weights = packed(layer, shared);
    const size_t m = pick(random, 1, 3), x_stride = layer.columns + random.below(3),
                 y_stride = layer.rows + random.below(3), cut = pick(random, 0, weights.slices());
    const std::vector<float> x = half_zeros(random, m * x_stride);
    const Clamp clamp = random.below(2) ? Clamp{-1, 2} : Clamp{};
    std::vector<float> fast(m * y_stride, 7), slow = fast;
    sparse_rows(weights, x.data(), x_stride, m, fast.data(), y_stride, clamp, 0, cut);
    sparse_rows(weights, x.data(), x_stride, m, fast.data(), y_stride, clamp, cut, weights.slices());
    sparse_rows_scalar(weights, x.data(), x_stride, m, slow.data(), y_stride, clamp, 0, weights.slices());
    expect_near(fast, slow, 1e-4f);
    expect_near(slow, layer.product(x, x_stride, m, y_stride, clamp), 1e-4f);
  });
}

TEST(SparseRows, OfNoWeightsGiveTheBias) {
  on_every_level(1, [](Random&) {
    const SparseLayer layer{19, 3, {}, {}, {}, {}, std::vector<float>(19, 0.5f)};
    for (const bool shared : {false, true}) {
      const SparseRows weights = packed(layer, shared);
      const std::vector<float> x(3, 1.0f);
      std::vector<float> y(19, 7), slow = y;
      sparse_rows(weights, x.data(), 3, 1, y.data(), 19, Clamp{}, 0, weights.slices());
      sparse_rows_scalar(weights, x.data(), 3, 1, slow.data(), 19, Clamp{}, 0, weights.slices());
      EXPECT_EQ(y, layer.bias);
      EXPECT_EQ(slow, layer.bias);
    }
  });
}

TEST(SparseRows, DoesNotFitGapsWiderThanAnEntry) {
  const std::vector<uint32_t> near = {0, 2047, 5000}, far = {0, 2048};
  EXPECT_TRUE(sparse_rows_fit(4096, near, 32));
  EXPECT_FALSE(sparse_rows_fit(4096, far, 32));
  EXPECT_TRUE(sparse_rows_fit(4096, far, 16));
  EXPECT_FALSE(sparse_rows_fit(4096, near, 257));
}

TEST(SparseRows, TakesLittleMoreThanTwoBytesAWeight) {
  const SparseLayer layer = tenth_of_a_million();
  EXPECT_LT(static_cast<double>(packed(layer, true).bytes()),
            2.2 * static_cast<double>(layer.positions.size()));
}

}  // namespace
}  // namespace netsuke::kernels
