#include "codec/floats.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstring>

#include "base/random.h"

namespace netsuke::codec {
namespace {

FloatForm form_of(const Bytes& bytes) { return static_cast<FloatForm>(bytes.at(0)); }

void expect_round_trip(const std::vector<float>& values, FloatCoder coder = FloatCoder::range) {
  Bytes bytes = write_floats(values, coder);
  bytes.push_back(0xcd);
  ByteReader reader(bytes, "test");
  const std::vector<float> read = read_floats(reader, values.size());
  ASSERT_EQ(read.size(), values.size());
  EXPECT_EQ(values.empty() ? 0 : std::memcmp(read.data(), values.data(), values.size() * sizeof(float)), 0);
  EXPECT_EQ(reader.remaining(), 1u);
}

TEST(Floats, HalvesAreThoseOfIeee754) {
  EXPECT_EQ(exact_half(1.0f), 0x3c00);
  EXPECT_EQ(exact_half(-2.0f), 0xc000);
  EXPECT_EQ(exact_half(65504.0f), 0x7bff);
  EXPECT_EQ(exact_half(0x1p-24f), 0x0001);
  EXPECT_EQ(exact_half(-0.0f), 0x8000);
  EXPECT_FALSE(exact_half(65520.0f));
  EXPECT_FALSE(exact_half(0.1f));
  EXPECT_FALSE(exact_half(0x1p-25f));
  EXPECT_FALSE(exact_half(NAN));
}

TEST(Floats, EveryFiniteHalfComesBack) {
  for (uint32_t half = 0; half < 65536; ++half) {
    if (((half >> 10) & 31) == 31) continue;  // infinity and NaN
    ASSERT_EQ(exact_half(float_of_half(static_cast<uint16_t>(half))), half);
  }
}

TEST(Floats, PicksTheSmallestForm) {
  EXPECT_EQ(form_of(write_floats(std::vector<float>{0.1f, 0.3f})), FloatForm::f32);
  EXPECT_EQ(form_of(write_floats(std::vector<float>{0.5f, 0.25f, 4.0f})), FloatForm::f16);
  std::vector<float> linear(100), bell(3000), equal(500, 0.1f);
  for (size_t i = 0; i < linear.size(); ++i) linear[i] = Progression{-0.37f, 0.0123f}.at(i);
  EXPECT_EQ(form_of(write_floats(linear)), FloatForm::progression);
  EXPECT_EQ(write_floats(equal).size(), 9u);
  Random random(3);
  for (float& value : bell) value = static_cast<float>(random.normal());
  EXPECT_EQ(form_of(write_floats(bell, FloatCoder::symbols)), FloatForm::f32_planes);
  EXPECT_EQ(form_of(write_floats(bell, FloatCoder::plain)), FloatForm::f32);
  EXPECT_EQ(form_of(write_floats(bell)), FloatForm::f32_range);
  std::sort(bell.begin(), bell.end());
  EXPECT_EQ(form_of(write_floats(bell)), FloatForm::ascending);
  std::vector<float> grid;
  for (size_t i = 0; i < 500; i += 1 + random.below(4)) grid.push_back(Progression{-0.37f, 0.0123f}.at(i));
  EXPECT_EQ(form_of(write_floats(grid)), FloatForm::grid);
  EXPECT_LT(write_floats(grid).size(), 9 + grid.size() / 2);
  std::vector<float> halves(500);
  for (float& value : halves) value = float_of_half(static_cast<uint16_t>(0x3000 + random.below(0x1000)));
  EXPECT_EQ(form_of(write_floats(halves)), FloatForm::f16_range);
}

TEST(Floats, FindsTheGridOfQuantizedValues) {
  int found = 0;
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    Random random(seed);
    const Progression points{static_cast<float>(random.normal()),
                             static_cast<float>(random.uniform(1e-4, 1))};
    std::vector<float> values{points.at(0)};
    for (size_t i = 1; i < 256; ++i)
      if (random.below(2) == 0) values.push_back(points.at(i));
    const auto grid = find_grid(values);
    if (!grid) continue;
    ++found;
    for (size_t i = 0; i < values.size(); ++i)
      ASSERT_EQ(grid->points.at(grid->places[i]), values[i]) << "seed " << seed;
  }
  EXPECT_GT(found, 190);
}

TEST(Floats, ReadBackBitForBit) {
  expect_round_trip({});
  expect_round_trip({0.0f, -0.0f, 1e-40f, -1e-45f, 3.4e38f});
  expect_round_trip({-0.0f, -0.0f, -0.0f, -0.0f, -0.0f, -0.0f, -0.0f, -0.0f});
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    Random random(seed);
    std::vector<float> values(random.below(2000));
    const auto low = static_cast<float>(random.normal()), step = static_cast<float>(random.normal());
    for (size_t i = 0; i < values.size(); ++i) {
      if (seed % 4 == 0) values[i] = static_cast<float>(random.normal());
      if (seed % 4 == 1) values[i] = float_of_half(static_cast<uint16_t>(random.below(0x7c00)));
      if (seed % 4 == 2) values[i] = Progression{low, step}.at(i);
      if (seed % 4 == 3) values[i] = std::bit_cast<float>(static_cast<uint32_t>(random.next()) & 0xbfffffff);
    }
    expect_round_trip(values);
    expect_round_trip(values, FloatCoder::symbols);
    expect_round_trip(values, FloatCoder::plain);
    std::sort(values.begin(), values.end());
    expect_round_trip(values);
  }
}

TEST(Floats, RefusesUnknownFormsAndMissingBytes) {
  for (const Bytes& bytes : {Bytes{9, 0, 0, 0, 0}, Bytes{8, 0, 0, 0, 0}, Bytes{5, 9, 0}, Bytes{6},
                             Bytes{0, 1, 2, 3}, Bytes{1, 1}, Bytes{2, 0, 0, 0, 0}, Bytes{}}) {
    ByteReader reader(bytes, "test");
    EXPECT_THROW(read_floats(reader, 1), Error);
  }
}

}  // namespace
}  // namespace netsuke::codec
