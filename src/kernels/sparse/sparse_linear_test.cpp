#include "kernels/sparse/sparse_linear.h"

#include "kernels/sparse/test_support.h"

namespace netsuke::kernels {
namespace {

TEST(SparseLinear, EqualsItsScalarTwinAndASumOverPositions) {
  on_every_level(60, [](Random& random) {
    const SparseLayer layer = any_sparse_layer(random);
    const SparseLinear packed =
        random.below(3)
            ? pack_sparse_linear(layer.rows, layer.columns, layer.positions, layer.codes, layer.centroids,
                                 layer.bias)
            : pack_sparse_linear(layer.rows, layer.columns, layer.positions, layer.values, layer.bias);
    expect_products(layer, packed, packed.blocks(), sparse_linear, sparse_linear_scalar, random);
  });
}

TEST(SparseLinear, TakesLittleMoreThanTwoBytesAWeight) {
  const SparseLayer layer = tenth_of_a_million();
  const SparseLinear packed = pack_sparse_linear(layer.rows, layer.columns, layer.positions, layer.codes,
                                                 layer.centroids, layer.bias);
  EXPECT_LT(static_cast<double>(packed.bytes()), 2.2 * static_cast<double>(layer.positions.size()));
}

}  // namespace
}  // namespace netsuke::kernels
