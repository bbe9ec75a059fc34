// The kernels against their formulas on every instruction set of this machine.
#include "kernels/training/slopes.h"

#include "kernels/training/test_support.h"

namespace netsuke::kernels {
namespace {

template <class T>
void compare(Random& random, float rounding) {
  const size_t channels = pick(random, 1, 40), count = channels * pick(random, 1, 50);
  const std::vector<float> slopes = repeated(random_values(random, channels));
  const std::vector<T> x = random_numbers<T>(random, count), dy = random_numbers<T>(random, count);
  std::vector<T> y(count), dx(count);
  std::vector<float> sums(slopes.size());
  slopes_apply(slopes.data(), slopes.size(), x.data(), count, y.data());
  slopes_gradient(slopes.data(), slopes.size(), x.data(), dy.data(), count, dx.data(), sums.data());
  for (size_t c = 0; c < channels; ++c) {
    double of_slope = 0;
    for (size_t i = c; i < count; i += channels) {
      const bool positive = number(x[i]) > 0;
      const float by = positive ? 1 : slopes[c];
      ASSERT_NEAR(number(y[i]), by * number(x[i]), rounding * std::abs(number(y[i])));
      ASSERT_NEAR(number(dx[i]), by * number(dy[i]), rounding * std::abs(number(dx[i])));
      if (!positive) of_slope += static_cast<double>(number(x[i])) * static_cast<double>(number(dy[i]));
    }
    ASSERT_NEAR(of_channel(sums, c, channels), of_slope, 1e-4);
  }
}

TEST(SlopeKernels, EqualTheirFormulas) {
  on_every_level(40, [](Random& random) { compare<float>(random, 0); });
}

TEST(SlopeKernels, EqualTheirFormulasInBf16) {
  on_every_level(40, [](Random& random) { compare<Bf16>(random, 1.0f / 256); });
}

}  // namespace
}  // namespace netsuke::kernels
