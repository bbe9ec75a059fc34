#include "kernels/sparse/sparse_linear.h"

#include <algorithm>

#include "kernels/test_support.h"

namespace netsuke::kernels {
namespace {

// A layer in the form that the packing reads, and its slowest product.
struct Layer {
  size_t rows, columns;
  std::vector<uint32_t> positions;
  std::vector<uint16_t> codes;
  std::vector<float> centroids, values, bias;

  std::vector<float> product(const std::vector<float>& x, size_t m, Clamp clamp) const {
    std::vector<double> sums(m * rows);
    for (size_t image = 0; image < m; ++image) {
      std::copy(bias.begin(), bias.end(), sums.begin() + static_cast<std::ptrdiff_t>(image * rows));
      for (size_t i = 0; i < positions.size(); ++i)
        sums[image * rows + positions[i] / columns] +=
            static_cast<double>(values[i]) * x[image * columns + positions[i] % columns];
    }
    std::vector<float> y(sums.begin(), sums.end());
    std::transform(y.begin(), y.end(), y.begin(), clamp);
    return y;
  }
};

// Few weights in many rows leave gaps wider than an entry's; up to 1000 centroids need the wide entries.
Layer any_layer(Random& random) {
  Layer layer{pick(random, 1, 50), pick(random, 1, 600), {}, {}, {}, {}, {}};
  if (random.below(3) == 0) layer.rows = pick(random, 1, 6000), layer.columns = pick(random, 1, 12);
  layer.centroids = random_values(random, random.below(4) ? pick(random, 1, 256) : pick(random, 257, 1000));
  const double density = random.below(3) ? random.uniform(0, 1) : random.uniform(0, 0.01);
  for (size_t i = 0; i < layer.rows * layer.columns; ++i) {
    if (random.uniform(0, 1) >= density) continue;
    layer.positions.push_back(static_cast<uint32_t>(i));
    layer.codes.push_back(static_cast<uint16_t>(random.below(layer.centroids.size())));
    layer.values.push_back(layer.centroids[layer.codes.back()]);
  }
  if (random.below(2)) layer.bias = random_values(random, layer.rows);
  return layer;
}

std::vector<float> half_zeros(Random& random, size_t count) {
  std::vector<float> values = random_values(random, count);
  for (float& value : values) value = std::max(value, 0.0f);
  return values;
}

TEST(SparseLinear, EqualsItsScalarTwinAndASumOverPositions) {
  on_every_level(60, [](Random& random) {
    const Layer layer = any_layer(random);
    const SparseLinear packed =
        random.below(3)
            ? pack_sparse_linear(layer.rows, layer.columns, layer.positions, layer.codes, layer.centroids,
                                 layer.bias)
            : pack_sparse_linear(layer.rows, layer.columns, layer.positions, layer.values, layer.bias);
    const size_t m = pick(random, 1, 3);
    const std::vector<float> x = half_zeros(random, m * layer.columns);
    const Clamp clamp = random.below(2) ? Clamp{-1, 2} : Clamp{};
    std::vector<float> fast(m * layer.rows, 7), slow = fast;
    for (size_t block = 0; block < packed.blocks(); ++block)
      sparse_linear(packed, x.data(), m, fast.data(), clamp, block, block + 1);
    sparse_linear_scalar(packed, x.data(), m, slow.data(), clamp, 0, packed.blocks());
    expect_near(fast, slow, 1e-4f);
    expect_near(slow, layer.product(x, m, clamp), 1e-4f);
  });
}

TEST(SparseLinear, TakesLittleMoreThanTwoBytesAWeight) {
  Random random(1);
  Layer layer{1000, 1000, {}, {}, {}, {}, {}};
  for (uint32_t i = 0; i < 1000000; ++i)
    if (random.below(10) == 0) layer.positions.push_back(i);
  layer.codes.resize(layer.positions.size());
  layer.centroids.resize(32);
  const SparseLinear packed = pack_sparse_linear(layer.rows, layer.columns, layer.positions, layer.codes,
                                                 layer.centroids, layer.bias);
  EXPECT_LT(static_cast<double>(packed.bytes()), 2.2 * static_cast<double>(layer.positions.size()));
}

}  // namespace
}  // namespace netsuke::kernels
