#include "tensor/weight.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"

namespace netsuke {
namespace {

const Shape kShape{2, 3};
const Weight kForms[] = {
    {kShape, Dense{{0, 1, 0, 0, 2, 1}}},
    {kShape, Sparse{{1, 4, 5}, {1, 2, 1}}},
    {kShape, Codebook{{0, 1, 2}, {0, 1, 0, 0, 2, 1}}},
    {kShape, SparseCodebook{{1, 2}, {1, 4, 5}, {0, 1, 0}}},
};

TEST(Weight, every_form_decodes_to_the_same_numbers) {
  for (const Weight& weight : kForms) {
    verify(weight, "w");
    EXPECT_EQ(to_dense(weight), Tensor(kShape, {0, 1, 0, 0, 2, 1})) << encoding_name(weight.encoding);
  }
}

TEST(Weight, SignsHaveAScaleForEachFilter) {
  const Weight weight{{2, 3}, Signs{{0.5f, 2}, sign_words({1, -1, 0, -1, -1, 1}), {}}};
  verify(weight, "w");
  EXPECT_EQ(to_dense(weight), Tensor({2, 3}, {0.5f, -0.5f, 0.5f, -2, -2, 2}));
  EXPECT_EQ(kept_values(weight), to_dense(weight).data);
  EXPECT_EQ(value_bits(weight), 1);
  EXPECT_EQ(density(weight), 1);
}

TEST(Weight, density_and_bits_say_what_the_form_keeps) {
  EXPECT_DOUBLE_EQ(density(kForms[0]), 1);
  EXPECT_DOUBLE_EQ(density(kForms[3]), 0.5);
  EXPECT_EQ(value_bits(kForms[1]), 32);
  EXPECT_EQ(value_bits(kForms[2]), 2);
  EXPECT_EQ(value_bits(kForms[3]), 1);
  EXPECT_EQ(kept_values(kForms[3]), (std::vector<float>{1, 2, 1}));
}

TEST(Weight, a_form_that_does_not_fit_its_shape_is_refused) {
  const Weight bad[] = {
      {kShape, Dense{{1, 2}}},
      {kShape, Dense{{0, 1, 0, 0, 2, NAN}}},
      {kShape, Signs{{1}, {0}, {}}},
      {kShape, Signs{{1, 1}, {64}, {}}},
      {kShape, Signs{{1, 1}, {0, 0}, {}}},
      {kShape, Signs{{1, INFINITY}, {0}, {}}},
      {kShape, Signs{{1, 1}, {0}, {1, 2}}},
      {kShape, Sparse{{1, 4, 6}, {1, 2, 3}}},
      {kShape, Sparse{{4, 1}, {1, 2}}},
      {kShape, Sparse{{1, 1}, {1, 2}}},
      {kShape, Codebook{{0, 1}, {0, 1, 0, 0, 2, 1}}},
      {kShape, SparseCodebook{{1}, {1, 2}, {0}}},
  };
  for (const Weight& weight : bad) EXPECT_THROW(verify(weight, "w"), Error) << encoding_name(weight.encoding);
}

TEST(Shape, a_shape_too_large_to_hold_is_refused_before_it_is_multiplied_out) {
  EXPECT_EQ(element_count({2, 3, 4}), 24);
  EXPECT_EQ(element_count({}), 1);
  EXPECT_THROW(element_count({int64_t{1} << 40, int64_t{1} << 40}), Error);
  EXPECT_THROW(element_count({-1, 2}), Error);
  EXPECT_EQ(parse_shape("20x1x5x5", "test"), (Shape{20, 1, 5, 5}));
  EXPECT_THROW(parse_shape("20x", "test"), Error);
}

}  // namespace
}  // namespace netsuke
