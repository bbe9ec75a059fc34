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
    const size_t m = pick(random, 1, 3), x_stride = layer.columns + random.below(3),
                 y_stride = layer.rows + random.below(3);
    const std::vector<float> x = half_zeros(random, m * x_stride);
    const Clamp clamp = random.below(2) ? Clamp{-1, 2} : Clamp{};
    std::vector<float> fast(m * y_stride, 7), slow = fast;
    for (size_t block = 0; block < packed.blocks(); ++block)
      sparse_linear(packed, x.data(), x_stride, m, fast.data(), y_stride, clamp, block, block + 1);
    sparse_linear_scalar(packed, x.data(), x_stride, m, slow.data(), y_stride, clamp, 0, packed.blocks());
    expect_near(fast, slow, 1e-4f);
    expect_near(slow, layer.product(x, x_stride, m, y_stride, clamp), 1e-4f);
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
