#include "kernels/elementwise/arithmetic.h"

#include "kernels/test_support.h"

namespace netsuke::kernels {
namespace {

TEST(Arithmetic, EqualsItsTwinForEveryRepetition) {
  for (uint64_t seed = 0; seed < 200; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    const size_t rows = pick(random, 1, 5), columns = pick(random, 1, 40);
    const auto xs = random_values(random, rows * columns), ys = random_values(random, rows * columns);
    const auto operand = [&](const std::vector<float>& values) {
      const size_t column_step = pick(random, 0, 1);
      return Operand{values.data(), pick(random, 0, 1) * (column_step ? columns : 1), column_step};
    };
    const auto op = static_cast<Arithmetic>(random.below(5));
    const Clamp limits = random.below(2) ? Clamp{0, 0.5f} : Clamp{};
    const Operand x = operand(xs), y = operand(ys);
    const size_t step = columns + random.below(3);
    std::vector<float> found(rows * step, 7), expected = found;
    arithmetic(op, x, y, rows, columns, limits, found.data(), step);
    arithmetic_scalar(op, x, y, rows, columns, limits, expected.data(), step);
    EXPECT_EQ(found, expected);
  }
}

TEST(Arithmetic, DoesWhatItsNamesSay) {
  const std::vector<float> x{-6, 8}, y{2, 4};
  const auto result = [&](Arithmetic op) {
    std::vector<float> out(2);
    arithmetic(op, {x.data(), 0, 1}, {y.data(), 0, 1}, 1, 2, {}, out.data(), 2);
    return out;
  };
  EXPECT_EQ(result(Arithmetic::add), (std::vector<float>{-4, 12}));
  EXPECT_EQ(result(Arithmetic::subtract), (std::vector<float>{-8, 4}));
  EXPECT_EQ(result(Arithmetic::multiply), (std::vector<float>{-12, 32}));
  EXPECT_EQ(result(Arithmetic::divide), (std::vector<float>{-3, 2}));
  EXPECT_EQ(result(Arithmetic::prelu), (std::vector<float>{-12, 8}));
}

}  // namespace
}  // namespace netsuke::kernels
