#include "codec/range_weights.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/random.h"
#include "codec/symbol_stream.h"

namespace netsuke::codec {
namespace {

struct Slice {
  WeightLayout layout;
  bool flags = false;
  std::vector<float> centroids;  // none: no codes
  std::vector<uint32_t> positions;
  std::vector<uint16_t> codes;
  uint64_t kept() const { return flags ? positions.size() : layout.elements; }
};

std::vector<float> random_centroids(Random& random, size_t count) {
  std::vector<float> centroids(count);
  const double shift = random.below(3) == 0 ? 4 : 0;  // at times all of one sign
  for (float& c : centroids) c = static_cast<float>(random.normal() + shift);
  std::sort(centroids.begin(), centroids.end());
  return centroids;
}

Slice random_slice(uint64_t seed) {
  Random random(seed);
  Slice s;
  s.layout.columns = 1 + random.below(random.below(3) == 0 ? 2000 : 60);
  s.layout.elements = random.below(4000);
  s.layout.period = 1 + random.below(std::min<uint64_t>(30, s.layout.columns));
  s.layout.kernel_width = random.below(2) == 0 ? 0 : 1 + random.below(s.layout.period);
  s.flags = random.below(3) != 0;
  const double density = random.below(6) == 0 ? 1 : random.uniform() * random.uniform();
  for (uint32_t i = 0; s.flags && i < s.layout.elements; ++i)
    if (random.uniform() < density) s.positions.push_back(i);
  if (s.flags && random.below(4) == 0) return s;
  const size_t most = random.below(8) == 0 ? 3000 : 1 + random.below(70);
  s.centroids = random_centroids(random, most);
  for (uint64_t i = 0; i < s.kept(); ++i)
    s.codes.push_back(static_cast<uint16_t>(random.below(1 + random.below(s.centroids.size()))));
  return s;
}

Bytes encode(const Slice& s, SliceCost* cost = nullptr) {
  const RankTree tree(s.centroids);
  return encode_slice(s.layout, s.flags, s.centroids.empty() ? nullptr : &tree, {s.positions, s.codes}, cost);
}

void decode(ByteView bytes, Slice& s, SliceCost* cost = nullptr) {
  const RankTree tree(s.centroids);
  const uint64_t kept = s.kept();
  decode_slice(bytes, "test", s.layout, kept, s.flags, s.centroids.empty() ? nullptr : &tree, 0, s.positions,
               s.codes, cost);
}

Slice blank(const Slice& s) {
  Slice result = s;
  std::fill(result.positions.begin(), result.positions.end(), 0u);
  std::fill(result.codes.begin(), result.codes.end(), uint16_t{0});
  return result;
}

TEST(RangeWeights, EverySliceReadsBack) {
  for (uint64_t seed = 1; seed <= 400; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    const Slice s = random_slice(seed);
    SliceCost written, read;
    const Bytes bytes = encode(s, &written);
    Slice found = blank(s);
    decode(bytes, found, &read);
    EXPECT_EQ(found.positions, s.positions);
    EXPECT_EQ(found.codes, s.codes);
    EXPECT_EQ(written.flags, read.flags);
    EXPECT_EQ(written.codes, read.codes);
    EXPECT_NEAR((written.flags + written.codes) / 8, static_cast<double>(bytes.size()), 2);
  }
}

TEST(RangeWeights, AnyBytesGiveElementsAndCodesThatExistOrAnError) {
  for (uint64_t seed = 1; seed <= 400; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    Random random(seed, 2);
    Slice s = random_slice(seed);
    Bytes bytes = encode(s);
    if (random.below(2) == 0) bytes.resize(random.below(bytes.size() + 4), 77);
    for (int i = 0; i < 5 && !bytes.empty(); ++i)
      bytes[random.below(bytes.size())] = static_cast<uint8_t>(random.next());
    try {
      decode(bytes, s);
      EXPECT_TRUE(std::is_sorted(s.positions.begin(), s.positions.end(), std::less_equal<>()));
      for (uint32_t p : s.positions) EXPECT_LT(p, s.layout.elements);
      for (uint16_t c : s.codes) EXPECT_LT(c, s.centroids.size());
    } catch (const Error& error) {
      EXPECT_NE(error.code(), ErrorCode::internal);
    }
  }
}

TEST(RangeWeights, CodebooksThatDoNotAscendAreCodedToo) {
  Slice s = random_slice(3);
  s.flags = false;
  s.positions.clear();
  s.layout.elements = 500;
  s.centroids = {3, -1, 0, NAN, -2, INFINITY, 3, -0.0f};
  s.codes.assign(500, 0);
  for (size_t i = 0; i < 500; ++i) s.codes[i] = static_cast<uint16_t>(i % 8);
  Slice found = blank(s);
  decode(encode(s), found);
  EXPECT_EQ(found.codes, s.codes);
}

double order_zero_bytes(const Slice& s) {
  const auto kept = static_cast<uint64_t>(s.positions.size());
  double bits = s.flags ? entropy_bits(std::array{kept, s.layout.elements - kept}) : 0;
  if (!s.codes.empty())
    bits += entropy_bits(count_symbols(s.codes, static_cast<uint32_t>(s.centroids.size())));
  return bits / 8;
}

// 5-bit codes of a Gaussian's tails on positions without any structure.
Slice structureless(uint64_t seed, uint64_t rows, uint64_t columns, double density) {
  Random random(seed);
  Slice s;
  s.layout = {rows * columns, columns, 1, 0};
  s.flags = true;
  for (size_t i = 0; i < 32; ++i) s.centroids.push_back(0.1f * (static_cast<float>(i) - 15.5f));
  for (uint32_t i = 0; i < s.layout.elements; ++i) {
    if (random.uniform() >= density) continue;
    s.positions.push_back(i);
    s.codes.push_back(static_cast<uint16_t>(std::clamp(16 + random.normal() * 5, 0.0, 31.0)));
  }
  return s;
}

TEST(RangeWeights, WithoutStructureItCostsLittleMoreThanTheEntropy) {
  for (double density : {0.04, 0.09, 0.35}) {
    const Slice s = structureless(1, 300, 800, density);
    EXPECT_LT(static_cast<double>(encode(s).size()), 1.015 * order_zero_bytes(s)) << density;
  }
}

TEST(RangeWeights, FindsColumnsRowsAndKernels) {
  // As 300 filters of 20 x 5 x 5 whose channels, filters and places differ in what they keep.
  Random random(9);
  Slice s;
  s.layout = {300 * 500, 500, 25, 5};
  s.flags = true;
  std::vector<double> filter(300), channel(20), place(25);
  for (auto* part : {&filter, &channel, &place})
    for (double& value : *part) value = random.normal();
  for (uint32_t i = 0; i < s.layout.elements; ++i) {
    const double logit = -2 + filter[i / 500] + channel[i % 500 / 25] + place[i % 25];
    if (random.uniform() < 1 / (1 + std::exp(-logit))) s.positions.push_back(i);
  }
  EXPECT_LT(static_cast<double>(encode(s).size()), 0.85 * order_zero_bytes(s));
}

}  // namespace
}  // namespace netsuke::codec
