// What the tests of sparse linear layers share.
#pragma once

#include <algorithm>
#include <vector>

#include "kernels/test_support.h"

namespace netsuke::kernels {

/// A layer in the form that the packing reads, and its slowest product.
struct SparseLayer {
  size_t rows, columns;
  std::vector<uint32_t> positions;
  std::vector<uint16_t> codes;
  std::vector<float> centroids, values, bias;

  /// Of m images `x_stride` floats apart; results lie `y_stride` apart, with sevens between.
  std::vector<float> product(const std::vector<float>& x, size_t x_stride, size_t m, size_t y_stride,
                             Clamp clamp) const {
    std::vector<float> y(m * y_stride, 7);
    std::vector<double> sums(rows);
    for (size_t image = 0; image < m; ++image) {
      std::fill(sums.begin(), sums.end(), 0.0);
      std::copy(bias.begin(), bias.end(), sums.begin());
      for (size_t i = 0; i < positions.size(); ++i)
        sums[positions[i] / columns] +=
            static_cast<double>(values[i]) * x[image * x_stride + positions[i] % columns];
      for (size_t row = 0; row < rows; ++row)
        y[image * y_stride + row] = clamp(static_cast<float>(sums[row]));
    }
    return y;
  }
};

/// Few weights in many rows leave gaps wider than an entry's; up to 1000 centroids need the wide entries.
inline SparseLayer any_sparse_layer(Random& random) {
  SparseLayer layer{pick(random, 1, 50), pick(random, 1, 600), {}, {}, {}, {}, {}};
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

inline std::vector<float> half_zeros(Random& random, size_t count) {
  std::vector<float> values = random_values(random, count);
  for (float& value : values) value = std::max(value, 0.0f);
  return values;
}

/// A kernel and its slow twin on some random images: `fast` in two parts of [0, parts), `slow` in one. Both
/// must give what the layer itself does.
template <class Weights>
using SparseKernel = void (*)(const Weights&, const float* x, size_t x_stride, size_t m, float* y,
                              size_t y_stride, Clamp clamp, size_t first, size_t last);
template <class Weights>
void expect_products(const SparseLayer& layer, const Weights& weights, size_t parts,
                     SparseKernel<Weights> fast, SparseKernel<Weights> slow, Random& random) {
  const size_t m = pick(random, 1, 3), x_stride = layer.columns + random.below(3),
               y_stride = layer.rows + random.below(3), cut = pick(random, 0, parts);
  const std::vector<float> x = half_zeros(random, m * x_stride);
  const Clamp clamp = random.below(2) ? Clamp{-1, 2} : Clamp{};
  std::vector<float> by_fast(m * y_stride, 7), by_slow = by_fast;
  fast(weights, x.data(), x_stride, m, by_fast.data(), y_stride, clamp, 0, cut);
  fast(weights, x.data(), x_stride, m, by_fast.data(), y_stride, clamp, cut, parts);
  slow(weights, x.data(), x_stride, m, by_slow.data(), y_stride, clamp, 0, parts);
  expect_near(by_fast, by_slow, 1e-4f);
  expect_near(by_slow, layer.product(x, x_stride, m, y_stride, clamp), 1e-4f);
}

/// A layer of 1000 x 1000 with a tenth of its weights kept, as 32 shared values.
inline SparseLayer tenth_of_a_million() {
  Random random(1);
  SparseLayer layer{1000, 1000, {}, {}, {}, {}, {}};
  for (uint32_t i = 0; i < 1000000; ++i)
    if (random.below(10) == 0) layer.positions.push_back(i);
  layer.codes.resize(layer.positions.size());
  layer.centroids.resize(32);
  return layer;
}

}  // namespace netsuke::kernels
