#include "kernels/elementwise/lrn.h"

#include <cmath>

#include "kernels/test_support.h"

namespace netsuke::kernels {
namespace {

TEST(Lrn, EqualsItsFormula) {
  for (uint64_t seed = 0; seed < 50; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    const LrnShape s{pick(random, 1, 12), pick(random, 1, 600), pick(random, 0, 4), pick(random, 0, 4)};
    const float beta = random.below(2) ? 0.75f : 0.6f;
    const auto x = random_values(random, s.channels * s.plane);
    std::vector<float> found(x.size()), expected(x.size());
    lrn(s, 0.5f, beta, 2, x.data(), found.data());
    for (size_t i = 0; i < x.size(); ++i) {
      double sum = 0;
      for (size_t j = i % s.plane; j < x.size(); j += s.plane)
        if (j / s.plane + s.before >= i / s.plane && j / s.plane <= i / s.plane + s.after) sum += x[j] * x[j];
      expected[i] = static_cast<float>(x[i] / std::pow(2 + 0.5 * sum, beta));
    }
    expect_near(found, expected, 1e-6f);
  }
}

}  // namespace
}  // namespace netsuke::kernels
