#include "codec/range_floats.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "base/random.h"

namespace netsuke::codec {
namespace {

void expect_round_trip(NumberKind kind, const std::vector<uint32_t>& numbers) {
  EXPECT_EQ(decode_numbers(kind, encode_numbers(kind, numbers), "test", numbers.size()), numbers);
}

TEST(RangeFloats, OrderedBitsOrderAsFloatsDo) {
  const std::vector<float> floats{-3e38f, -1, -1e-45f, -0.0f, 0.0f, 1e-45f, 0.5f, 1, 3e38f};
  for (size_t i = 0; i < floats.size(); ++i) {
    EXPECT_EQ(std::signbit(float_of_ordered(ordered_bits(floats[i]))), std::signbit(floats[i]));
    EXPECT_EQ(float_of_ordered(ordered_bits(floats[i])), floats[i]);
    if (i > 0) {
      EXPECT_LT(ordered_bits(floats[i - 1]), ordered_bits(floats[i]));
    }
  }
}

TEST(RangeFloats, NumbersComeBack) {
  expect_round_trip(NumberKind::ascending, {});
  expect_round_trip(NumberKind::ascending, {0});
  expect_round_trip(NumberKind::ascending, {0, 1, UINT32_MAX - 1, UINT32_MAX});
  for (uint64_t seed = 1; seed <= 100; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    Random random(seed);
    std::vector<uint32_t> numbers(random.below(500)), halves(numbers.size());
    for (uint32_t& number : numbers) number = static_cast<uint32_t>(random.next() >> (32 + random.below(20)));
    for (uint32_t& half : halves) half = static_cast<uint32_t>(random.below(65536));
    expect_round_trip(NumberKind::single, numbers);
    expect_round_trip(NumberKind::half, halves);
    std::sort(numbers.begin(), numbers.end());
    numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
    expect_round_trip(NumberKind::ascending, numbers);
  }
}

// Sorted values that lie all over an interval need about log2(1 / share of it) + 1.5 bits each.
TEST(RangeFloats, AscendingNumbersTakeLittleMoreThanTheirSteps) {
  Random random(5);
  std::vector<uint32_t> numbers(256);
  for (uint32_t& number : numbers) number = static_cast<uint32_t>(random.below(1u << 27)) + (1u << 30);
  std::sort(numbers.begin(), numbers.end());
  const double bits = 8.0 * static_cast<double>(encode_numbers(NumberKind::ascending, numbers).size());
  EXPECT_LT(bits / 256, 27 - 8 + 1.5 + 1.0);
}

TEST(RangeFloats, AnyBytesGiveNumbersOrAnError) {
  for (uint64_t seed = 1; seed <= 2000; ++seed) {
    Random random(seed);
    Bytes bytes(random.below(40));
    for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random.next());
    for (const NumberKind kind : {NumberKind::ascending, NumberKind::single, NumberKind::half}) {
      try {
        EXPECT_EQ(decode_numbers(kind, bytes, "test", 10).size(), 10u);
      } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::input);
      }
    }
  }
}

}  // namespace
}  // namespace netsuke::codec
