#include "onnx/uniform.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/random.h"

namespace netsuke::onnx {
namespace {

/// What any tool makes of the codes, by ONNX's formula.
std::vector<float> decoded(const UniformCodes& uniform) {
  std::vector<float> values;
  for (uint8_t code : uniform.codes)
    values.push_back(static_cast<float>(int{code} - int{uniform.zero}) * uniform.step);
  return values;
}

TEST(Uniform, few_even_values) {
  for (const std::vector<float>& centroids :
       {std::vector<float>{-1, 1}, {-0.1f, 0, 0.1f}, {0}, {0.3f}, {-0.5f, 0.25f, 0.75f}, {-7, -6, -5}}) {
    const auto uniform = uniform_codes(centroids);
    if (centroids == std::vector<float>{0}) {
      EXPECT_FALSE(uniform);  // no step to tell
      continue;
    }
    ASSERT_TRUE(uniform) << centroids[0];
    EXPECT_EQ(decoded(*uniform), centroids);
  }
}

TEST(Uniform, what_another_tool_quantized_linearly) {
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    const auto step = static_cast<float>(std::exp(random.uniform(-12, 3)));
    const int zero = static_cast<int>(random.uniform(0, 256));
    std::vector<float> centroids;
    for (int code = 0; code < 256; ++code) centroids.push_back(static_cast<float>(code - zero) * step);
    const auto uniform = uniform_codes(centroids);
    ASSERT_TRUE(uniform);
    EXPECT_EQ(decoded(*uniform), centroids);
  }
}

TEST(Uniform, others_are_left_to_a_table) {
  EXPECT_FALSE(uniform_codes(std::vector<float>{-0.3f, 0.7001f, 0.9f}));
  EXPECT_FALSE(uniform_codes(std::vector<float>{-1, 255}));              // 256 steps
  EXPECT_FALSE(uniform_codes(std::vector<float>{1000, 1001}));           // zero is too far away
  EXPECT_FALSE(uniform_codes(std::vector<float>{0, 1, 2.0000002f, 3}));  // one bit away
  EXPECT_FALSE(uniform_codes(std::vector<float>{0, 1, NAN}));
  EXPECT_FALSE(uniform_codes(std::vector<float>{0, 1, INFINITY}));
  EXPECT_FALSE(uniform_codes({}));
}

}  // namespace
}  // namespace netsuke::onnx
