// The kernels against their formulas on every instruction set of this machine.
#include "kernels/training/sign.h"

#include "kernels/training/test_support.h"

namespace netsuke::kernels {
namespace {

template <class T>
void compare(Random& random, float rounding) {
  const size_t count = pick(random, 0, 100);
  const bool smooth = random.below(2) == 0;
  const std::vector<T> small = random_numbers<T>(random, count), dy = random_numbers<T>(random, count);
  std::vector<T> x = small, y(count), dx(count);
  if (count > 3) x[0] = T{}, x[1] = from_float<T>(1), x[2] = from_float<T>(-1.5f);
  sign_apply(x.data(), count, y.data());
  sign_gradient(x.data(), dy.data(), smooth, count, dx.data());
  for (size_t i = 0; i < count; ++i) {
    const float size = std::abs(number(x[i]));
    ASSERT_EQ(number(y[i]), number(x[i]) >= 0 ? 1 : -1);
    const float expected = size < 1 ? number(dy[i]) * (smooth ? 2 - 2 * size : 1) : 0;
    ASSERT_NEAR(number(dx[i]), expected, rounding * std::abs(expected));
  }
}

TEST(SignKernels, EqualTheirFormulas) {
  on_every_level(40, [](Random& random) { compare<float>(random, 1e-6f); });
}

TEST(SignKernels, EqualTheirFormulasInBf16) {
  on_every_level(40, [](Random& random) { compare<Bf16>(random, 1.0f / 256); });
}

}  // namespace
}  // namespace netsuke::kernels
