#include "kernels/gemm/gemm.h"

#include <cmath>

#include "base/error.h"
#include "kernels/test_support.h"

namespace netsuke::kernels {
namespace {

// Sizes around the tile's and the blocks' edges, and beyond one block of k.
size_t any_size(Random& random, size_t most) {
  return random.below(4) == 0 ? pick(random, 1, most) : pick(random, 1, 70);
}

// A product of random matrices whose A lies in pieces, in an order of its own.
struct Problem {
  explicit Problem(Random& random) {
    const size_t m = random.below(3) == 0 ? 1 : pick(random, 1, kProductRows), n = any_size(random, 300);
    const size_t pieces = pick(random, 1, 4), length = any_size(random, 800);
    k = pieces * length;
    weights = random_values(random, n * k), bias = random_values(random, n);
    a_values = random_values(random, m * k + 10), add = random_values(random, m * n);
    if (random.below(2)) {
      panels = pack_panels(weights.data(), n, k, bias);
    } else {
      share(random);
      panels = shared_panels(n);
    }
    for (size_t i = 0; i < m * pieces; ++i) a.push_back(a_values.data() + i * length + random.below(6));
    product = {&panels, m, a.data(), m, 0, pieces, length, nullptr, n + random.below(3), nullptr, n, {}};
    product.a_offset = random.below(5);
    if (random.below(2)) product.add = add.data();
    if (random.below(2)) product.clamp = {0, 1};
  }

  // Weights of few values, as few as some registers hold or more.
  void share(Random& random) {
    centroids =
        random_values(random, random.below(2) ? pick(random, 1, kMostCentroids) : pick(random, 1, 64));
    for (float& weight : weights) {
      codes.push_back(static_cast<uint16_t>(random.below(centroids.size())));
      weight = centroids[codes.back()];
    }
  }
  Panels shared_panels(size_t n) const { return pack_panels(codes.data(), n, k, centroids, bias); }

  std::vector<float> solve(void (*with)(const Product&, size_t, size_t), size_t first, size_t last) {
    std::vector<float> c(product.m * product.c_stride, 7);
    product.c = c.data();
    with(product, first, last);
    return c;
  }

  size_t k = 0;
  std::vector<float> weights, bias, a_values, add, centroids;
  std::vector<uint16_t> codes;
  std::vector<const float*> a;
  Panels panels;
  Product product;
};

TEST(Multiply, EqualsItsScalarTwinAndWritesNothingBesideIt) {
  on_every_level(150, [](Random& random) {
    Problem problem(random);
    const size_t count = problem.panels.count(), first = random.below(2) ? 0 : random.below(count);
    expect_near(problem.solve(multiply, first, count), problem.solve(multiply_scalar, first, count), 2e-4f);
  });
}

// A training that diverges must not look well, nor a network that answers nothing.
TEST(Multiply, WhatIsNotANumberStaysSo) {
  on_every_level(20, [](Random& random) {
    Problem problem(random);
    problem.a_values.assign(problem.a_values.size(), NAN);
    const std::vector<float> c = problem.solve(multiply, 0, problem.panels.count());
    for (size_t row = 0; row < problem.product.m; ++row)
      for (size_t i = 0; i < problem.panels.n; ++i)
        ASSERT_TRUE(std::isnan(c[row * problem.product.c_stride + i]));
  });
}

TEST(Multiply, GivesTheSameBitsHoweverItsPanelsAndRowsAreSplit) {
  on_every_level(40, [](Random& random) {
    Problem problem(random);
    const size_t count = problem.panels.count(), middle = random.below(count);
    const std::vector<float> whole = problem.solve(multiply, 0, count);
    std::vector<float> split(whole.size(), 7);
    problem.product.c = split.data();
    multiply(problem.product, 0, middle);
    multiply(problem.product, middle, count);
    EXPECT_EQ(split, whole);
  });
}

TEST(Multiply, GivesTheSameBitsForWeightsThatAreCodes) {
  on_every_level(60, [](Random& random) {
    Problem problem(random);
    if (!problem.panels.shared()) return;
    const size_t count = problem.panels.count(), n = problem.panels.n;
    const std::vector<float> by_codes = problem.solve(multiply, 0, count);
    EXPECT_LT(problem.panels.bytes(), n * problem.k + 4 * n + 64 * problem.k + 4096);
    problem.panels = pack_panels(problem.weights.data(), n, problem.k, problem.bias);
    EXPECT_EQ(by_codes, problem.solve(multiply, 0, count));
  });
}

TEST(Linear, IsAProductWithTheTransposedWeights) {
  on_every_level(20, [](Random& random) {
    const size_t m = pick(random, 1, 200), n = any_size(random, 100), k = pick(random, 1, 60);
    const std::vector<float> x = random_values(random, m * k), weights = random_values(random, n * k),
                             bias = random_values(random, n);
    const Panels panels = pack_panels(weights.data(), n, k, bias);
    std::vector<float> y(m * n), expected(m * n);
    linear(panels, x.data(), k, m, y.data(), n, {0, 2}, 0, panels.count());
    for (size_t i = 0; i < m * n; ++i) {
      double sum = bias[i % n];
      for (size_t j = 0; j < k; ++j) sum += static_cast<double>(x[i / n * k + j]) * weights[i % n * k + j];
      expected[i] = static_cast<float>(std::clamp(sum, 0.0, 2.0));
    }
    expect_near(y, expected, 1e-4f);
  });
}

TEST(CpuLevel, RefusesOneThatThisMachineLacks) {
  EXPECT_EQ(cpu_levels().front(), "scalar");
  EXPECT_THROW(set_cpu_level("mmx"), Error);
}

}  // namespace
}  // namespace netsuke::kernels
