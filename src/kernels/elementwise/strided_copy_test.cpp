#include "kernels/elementwise/strided_copy.h"

#include <numeric>

#include "kernels/test_support.h"

namespace netsuke::kernels {
namespace {

// Where element `index` of the view lies.
size_t source(const StridedView& view, size_t index) {
  std::ptrdiff_t at = view.first;
  for (size_t d = view.sizes.size(); d-- > 0; index /= view.sizes[d])
    at += static_cast<std::ptrdiff_t>(index % view.sizes[d]) * view.steps[d];
  return static_cast<size_t>(at);
}

// Dimensions of a dense array in random order, some of them backwards.
StridedView random_view(Random& random, size_t elements_at_most) {
  StridedView view;
  size_t step = 1;
  while (view.sizes.size() < 5) {
    const size_t size = pick(random, 1, 4);
    if (step * size > elements_at_most) break;
    const bool backwards = random.below(4) == 0;
    const size_t place = pick(random, 0, view.sizes.size());
    const auto signed_step = static_cast<std::ptrdiff_t>(step);
    view.sizes.insert(view.sizes.begin() + static_cast<std::ptrdiff_t>(place), size);
    view.steps.insert(view.steps.begin() + static_cast<std::ptrdiff_t>(place),
                      backwards ? -signed_step : signed_step);
    if (backwards) view.first += static_cast<std::ptrdiff_t>(size - 1) * signed_step;
    step *= size;
  }
  return view;
}

TEST(StridedCopy, TakesEveryElementFromWhereTheViewSays) {
  std::vector<float> in(1024);
  std::iota(in.begin(), in.end(), 0.0f);
  for (uint64_t seed = 0; seed < 300; ++seed) {
    Random random(seed);
    const StridedView view = random_view(random, in.size()), few = merged(view);
    EXPECT_LE(few.sizes.size(), view.sizes.size());
    size_t count = 1;
    for (size_t size : view.sizes) count *= size;
    std::vector<float> out(count), of_merged(count);
    strided_copy(view, in.data(), out.data());
    strided_copy(few, in.data(), of_merged.data());
    for (size_t i = 0; i < count; ++i)
      ASSERT_EQ(out[i], in[source(view, i)]) << "seed " << seed << ", at " << i;
    EXPECT_EQ(of_merged, out) << "seed " << seed;
  }
}

TEST(StridedCopy, MergesWhatLiesTogether) {
  const StridedView view = merged({{2, 1, 3, 4}, {24, 5, 4, 1}, 7});
  EXPECT_EQ(view.sizes, (std::vector<size_t>{2, 12}));
  EXPECT_EQ(view.steps, (std::vector<std::ptrdiff_t>{24, 1}));
  EXPECT_EQ(merged({{1, 1}, {9, 9}, 2}).sizes, (std::vector<size_t>{1}));
}

}  // namespace
}  // namespace netsuke::kernels
