#include "kernels/elementwise/activation.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/elementwise/exponential.h"
#include "kernels/test_support.h"

namespace netsuke::kernels {
namespace {

TEST(Exponential, IsCloseToTheLibrarys) {
  for (double x = -87; x <= 88; x += 0.00731) {
    const auto at = static_cast<float>(x);
    const double expected = std::exp(static_cast<double>(at));
    ASSERT_NEAR(exponential(at) / expected, 1, 3e-7) << at;
  }
  EXPECT_EQ(exponential(0), 1);
  EXPECT_EQ(exponential(1e30f), exponential(88));
  EXPECT_EQ(exponential(-std::numeric_limits<float>::infinity()), exponential(-87));
  EXPECT_TRUE(std::isnan(exponential(std::numeric_limits<float>::quiet_NaN())));
}

// The kernel on random values of all sizes against the same function in double.
template <class Kernel, class Function>
void expect_like(Kernel&& kernel, Function&& function) {
  Random random(3);
  std::vector<float> x{0, -0.0f, 1e-30f, 1e30f, -1e30f, 100, -100, 3, -3};
  for (double range : {0.01, 1.0, 10.0, 50.0})
    for (int i = 0; i < 101; ++i) x.push_back(static_cast<float>(random.uniform(-range, range)));
  std::vector<float> out(x.size());
  kernel(x.data(), x.size(), out.data());
  for (size_t i = 0; i < x.size(); ++i) {
    const double expected = function(static_cast<double>(x[i]));
    ASSERT_NEAR(out[i], expected, 4e-7 * std::max(1.0, std::abs(expected))) << x[i];
  }
}

TEST(Activation, EqualsItsFormula) {
  expect_like(sigmoid, [](double x) { return 1 / (1 + std::exp(-x)); });
  expect_like(tanh, [](double x) { return std::tanh(x); });
  expect_like(hard_swish, [](double x) { return x * std::clamp(x / 6 + 0.5, 0.0, 1.0); });
  expect_like(softplus, [](double x) { return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x))); });
  expect_like(erf, [](double x) { return std::erf(x); });
  expect_like([](const float* x, size_t n, float* out) { elu(x, n, 1.5f, out); },
              [](double x) { return x > 0 ? x : 1.5 * std::expm1(x); });
  expect_like([](const float* x, size_t n, float* out) { leaky_relu(x, n, 0.25f, out); },
              [](double x) { return x > 0 ? x : 0.25 * x; });
  expect_like([](const float* x, size_t n, float* out) { hard_sigmoid(x, n, 0.25f, 0.75f, out); },
              [](double x) { return std::clamp(0.25 * x + 0.75, 0.0, 1.0); });
}

}  // namespace
}  // namespace netsuke::kernels
