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
    expect_products(layer, weights, weights.slices(), sparse_rows, sparse_rows_scalar, random);
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
