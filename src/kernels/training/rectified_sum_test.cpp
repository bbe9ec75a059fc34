// The kernels against their formulas on every instruction set of this machine.
#include "kernels/training/rectified_sum.h"

#include <limits>

#include "kernels/training/test_support.h"

namespace netsuke::kernels {
namespace {

template <class T>
void compare(Random& random, float rounding) {
  const size_t count = pick(random, 0, 100);
  const std::vector<T> a = random_numbers<T>(random, count), b = random_numbers<T>(random, count),
                       dy = random_numbers<T>(random, count);
  std::vector<T> y(count), dx(count);
  rectified_sum(a.data(), b.data(), count, y.data());
  rectified_gradient(y.data(), dy.data(), count, dx.data());
  for (size_t i = 0; i < count; ++i) {
    const float sum = number(a[i]) + number(b[i]);
    ASSERT_NEAR(number(y[i]), std::max(0.0f, sum), rounding * std::abs(sum));
    ASSERT_EQ(number(dx[i]), sum > 0 ? number(dy[i]) : 0);
  }
}

TEST(RectifiedSum, EqualsItsFormula) {
  on_every_level(40, [](Random& random) { compare<float>(random, 0); });
}

TEST(RectifiedSum, KeepsWhatIsNotANumber) {
  on_every_level(1, [](Random&) {
    const std::vector<float> a(20, std::numeric_limits<float>::quiet_NaN()), b(20, 1);
    std::vector<float> y(20);
    rectified_sum(a.data(), b.data(), 20, y.data());
    for (const float value : y) ASSERT_TRUE(std::isnan(value));
  });
}

TEST(RectifiedSum, EqualsItsFormulaInBf16) {
  on_every_level(40, [](Random& random) { compare<Bf16>(random, 1.0f / 256); });
}

}  // namespace
}  // namespace netsuke::kernels
