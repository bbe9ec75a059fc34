#include "codec/relative_index.h"

#include <gtest/gtest.h>

#include "base/random.h"
#include "codec/symbol_stream.h"

namespace netsuke::codec {
namespace {

std::vector<uint32_t> decode(const std::vector<uint16_t>& symbols, int bits, size_t count, uint64_t elements,
                             uint64_t* fillers = nullptr) {
  size_t i = 0;
  uint64_t at = 0, met = 0;
  std::vector<uint32_t> positions(count);
  positions_from_gaps(
      bits, positions, at, elements, "test", [&] { return uint32_t{symbols.at(i++)}; }, met);
  if (fillers) *fillers = met;
  return positions;
}

TEST(RelativeIndex, CodesThePapersExample) {
  // Figure 2 of the paper, 3 bits: weights at 1, 4 and 15; the last is too far for one symbol.
  const std::vector<uint32_t> positions = {1, 4, 15};
  EXPECT_EQ(gaps_from_positions(positions, 3), (std::vector<uint16_t>{1, 2, 7, 3}));
}

TEST(RelativeIndex, AFillerStandsForZerosOnly) {
  EXPECT_EQ(gaps_from_positions(std::vector<uint32_t>{6}, 3), (std::vector<uint16_t>{6}));
  EXPECT_EQ(gaps_from_positions(std::vector<uint32_t>{7}, 3), (std::vector<uint16_t>{7, 0}));
  EXPECT_EQ(gaps_from_positions(std::vector<uint32_t>{14}, 3), (std::vector<uint16_t>{7, 7, 0}));
}

TEST(RelativeIndex, PositionsReadBackAtEveryWidth) {
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    Random random(seed);
    std::vector<uint32_t> positions;
    const uint64_t step = 1 + random.below(seed % 10 == 0 ? 100000 : 60);
    for (uint32_t at = 0, i = 0; i < 500; ++i) {
      at += static_cast<uint32_t>(random.below(step));
      positions.push_back(at++);
    }
    const uint64_t elements = positions.back() + 1;
    const auto runs = count_runs(positions);
    for (int bits = kLeastIndexBits; bits <= kMostIndexBits; ++bits) {
      const auto symbols = gaps_from_positions(positions, bits);
      uint64_t fillers = 0;
      EXPECT_EQ(decode(symbols, bits, positions.size(), elements, &fillers), positions);
      EXPECT_EQ(fillers, symbols.size() - positions.size());
      EXPECT_EQ(count_gap_symbols(runs, bits), count_symbols(symbols, 1u << bits));
    }
  }
}

TEST(RelativeIndex, RefusesPositionsOutside) {
  EXPECT_NO_THROW(decode({3, 0}, 3, 2, 5));
  EXPECT_THROW(decode({3, 1}, 3, 2, 5), Error);
  EXPECT_THROW(decode({7, 7, 7, 0}, 3, 1, 20), Error);
}

}  // namespace
}  // namespace netsuke::codec
