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
    const size_t m = pick(random, 1, 3), x_stride = layer.columns + random.below(3),
                 y_stride = layer.rows + random.below(3), cut = pick(random, 0, weights.blocks());
    const std::vector<float> x = half_zeros(random, m * x_stride);
    const Clamp clamp = random.below(2) ? Clamp{-1, 2} : Clamp{};
    std::vector<float> fast(m * y_stride, 7), slow = fast;
    sparse_tiles(weights, x.data(), x_stride, m, fast.data(), y_stride, clamp, 0, cut);
    sparse_tiles(weights, x.data(), x_stride, m, fast.data(), y_stride, clamp, cut, weights.blocks());
    sparse_tiles_scalar(weights, x.data(), x_stride, m, slow.data(), y_stride, clamp, 0, weights.blocks());
    expect_near(fast, slow, 1e-4f);
    expect_near(slow, layer.product(x, x_stride, m, y_stride, clamp), 1e-4f);
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
