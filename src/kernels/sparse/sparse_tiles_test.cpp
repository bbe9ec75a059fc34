#include "kernels/sparse/sparse_tiles.h"

#include "kernels/sparse/test_support.h"

namespace netsuke::kernels {
namespace {

SparseTiles packed(const SparseLayer& layer) {
  return pack_sparse_tiles(layer.rows, layer.columns, layer.positions, layer.codes, layer.centroids,
                           layer.bias);
}

TEST(SparseTiles, EqualsItsScalarTwinAndASumOverPositions) {
  on_every_level(100, [](Random& random) {
    const SparseLayer layer = any_sparse_layer(random);
    if (layer.centroids.size() > 256) return;
    const SparseTiles weights = packed(layer);
    expect_products(layer, weights, weights.blocks(), sparse_tiles, sparse_tiles_scalar, random);
  });
}

TEST(SparseTiles, OfNoWeightsGiveTheBias) {
  on_every_level(1, [](Random&) {
    const SparseLayer layer{19, 3, {}, {}, {1}, {}, std::vector<float>(19, 0.5f)};
    const SparseTiles weights = packed(layer);
    const std::vector<float> x(3, 1.0f);
    std::vector<float> y(19, 7);
    sparse_tiles(weights, x.data(), 3, 1, y.data(), 19, Clamp{}, 0, weights.blocks());
    EXPECT_EQ(y, layer.bias);
  });
}

TEST(SparseTiles, TakesLittleMoreThanTwoBytesAWeight) {
  const SparseLayer layer = tenth_of_a_million();
  EXPECT_LT(static_cast<double>(packed(layer).bytes()), 2.5 * static_cast<double>(layer.positions.size()));
}

}  // namespace
}  // namespace netsuke::kernels
