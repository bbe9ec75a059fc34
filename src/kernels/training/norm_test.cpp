// The kernels against their formulas in double, on every instruction set of this machine.
#include "kernels/training/norm.h"

#include "kernels/training/test_support.h"

namespace netsuke::kernels {
namespace {

template <class T>
void compare(Random& random, double rounding) {
  const size_t channels = pick(random, 1, 40), pixels = pick(random, 1, 50), count = channels * pixels;
  const auto numbers = [&] { return random_values(random, channels); };
  const std::vector<float> mean = numbers(), scale = numbers(), shift = numbers(), slope = numbers(),
                           offset = numbers();
  const std::vector<float> means = repeated(mean), scales = repeated(scale), shifts = repeated(shift),
                           slopes = repeated(slope), offsets = repeated(offset);
  const size_t row = means.size();
  const NormRows rows{row, means.data(), scales.data(), shifts.data(), random.below(2) == 0};
  const std::vector<T> x = random_numbers<T>(random, count), dy = random_numbers<T>(random, count);
  std::vector<float> sums(row), squares(row), gradient_sums(row), products(row);
  std::vector<T> y(count), dx(count);
  norm_moments(rows, x.data(), count, sums.data(), squares.data());
  norm_apply(rows, x.data(), count, y.data());
  norm_gradient_sums(rows, x.data(), dy.data(), count, gradient_sums.data(), products.data());
  norm_gradient(rows, slopes.data(), offsets.data(), x.data(), dy.data(), count, dx.data());

  for (size_t c = 0; c < channels; ++c) {
    double sum = 0, square = 0, gradient_sum = 0, product = 0;
    for (size_t i = c; i < count; i += channels) {
      const auto of = [c](const std::vector<float>& values) { return static_cast<double>(values[c]); };
      const double v = static_cast<double>(number(x[i])) - of(mean), z = of(scale) * v + of(shift);
      if (rows.relu && std::abs(z) < 1e-6) return;  // either side of the bend is right
      const double g = rows.relu && z <= 0 ? 0 : static_cast<double>(number(dy[i]));
      sum += v;
      square += v * v;
      gradient_sum += g;
      product += g * v;
      const double expected = rows.relu ? std::max(0.0, z) : z;
      ASSERT_NEAR(number(y[i]), expected, 1e-6 + rounding * std::abs(expected));
      const double of_x = of(scale) * g + of(slope) * v + of(offset);
      ASSERT_NEAR(number(dx[i]), of_x, 1e-6 + rounding * std::abs(of_x));
    }
    ASSERT_NEAR(of_channel(sums, c, channels), sum, 1e-4);
    ASSERT_NEAR(of_channel(squares, c, channels), square, 1e-4);
    ASSERT_NEAR(of_channel(gradient_sums, c, channels), gradient_sum, 1e-4);
    ASSERT_NEAR(of_channel(products, c, channels), product, 1e-4);
  }
}

TEST(NormKernels, EqualTheirFormulas) {
  on_every_level(40, [](Random& random) { compare<float>(random, 1e-6); });
}

TEST(NormKernels, EqualTheirFormulasInBf16) {
  // Eight bits: the nearest is at most half a unit in the last place away.
  on_every_level(40, [](Random& random) { compare<Bf16>(random, 1.0 / 256); });
}

}  // namespace
}  // namespace netsuke::kernels
