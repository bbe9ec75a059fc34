#include "codec/huffman.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <queue>

#include "base/random.h"

namespace netsuke::codec {
namespace {

std::vector<uint64_t> random_counts(Random& random, size_t alphabet) {
  std::vector<uint64_t> counts(alphabet);
  const double steepness = random.uniform(0, 8);
  for (uint64_t& count : counts)
    count = random.below(4) == 0
                ? 0
                : static_cast<uint64_t>(std::exp(steepness * random.uniform())) * random.below(3);
  return counts;
}

// Total length of Huffman's own code, which has no length limit: the sum of all merged weights.
uint64_t unlimited_bits(std::span<const uint64_t> counts) {
  std::priority_queue<uint64_t, std::vector<uint64_t>, std::greater<>> heap;
  for (uint64_t count : counts)
    if (count > 0) heap.push(count);
  uint64_t bits = 0;
  while (heap.size() > 1) {
    const uint64_t first = heap.top();
    heap.pop();
    const uint64_t merged = first + heap.top();
    heap.pop();
    heap.push(merged);
    bits += merged;
  }
  return bits;
}

double kraft_sum(const HuffmanCode& code) {
  double sum = 0;
  for (uint8_t length : code.lengths) sum += length > 0 ? std::ldexp(1.0, -length) : 0.0;
  return sum;
}

uint64_t table_bits(const HuffmanCode& code) {
  BitWriter bits;
  write_table(bits, code);
  return bits.bit_count();
}

TEST(Huffman, IsAsShortAsHuffmansOwnCodeWhereNoLimitApplies) {
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    Random random(seed);
    const auto counts = random_counts(random, 2 + random.below(300));
    const auto code = optimal_code(counts);
    if (!code || code->only) continue;
    EXPECT_EQ(kraft_sum(*code), 1.0);
    if (*std::max_element(code->lengths.begin(), code->lengths.end()) < kMaxCodeLength) {
      EXPECT_EQ(coded_bits(*code, counts), unlimited_bits(counts));
    }
  }
}

TEST(Huffman, KeepsTheLengthLimitOptimally) {
  // Fibonacci counts give Huffman's code lengths up to 29 for 30 symbols.
  std::vector<uint64_t> counts = {1, 1};
  while (counts.size() < 30) counts.push_back(counts[counts.size() - 1] + counts[counts.size() - 2]);
  const auto code = optimal_code(counts);
  ASSERT_TRUE(code);
  EXPECT_EQ(*std::max_element(code->lengths.begin(), code->lengths.end()), kMaxCodeLength);
  EXPECT_EQ(kraft_sum(*code), 1.0);
  EXPECT_GT(coded_bits(*code, counts), unlimited_bits(counts));
  EXPECT_LT(static_cast<double>(coded_bits(*code, counts)),
            1.001 * static_cast<double>(unlimited_bits(counts)));
}

TEST(Huffman, OneSymbolTakesNoBits) {
  const std::vector<uint64_t> counts = {0, 0, 7};
  const auto code = optimal_code(counts);
  ASSERT_TRUE(code);
  EXPECT_EQ(code->only, 2u);
  EXPECT_EQ(coded_bits(*code, counts), 0u);
}

TEST(Huffman, HasNoCodeForNothingOrForMoreThanItsLimitCanTellApart) {
  EXPECT_FALSE(optimal_code(std::vector<uint64_t>(5, 0)));
  EXPECT_FALSE(optimal_code(std::vector<uint64_t>(32769, 1)));
  EXPECT_TRUE(optimal_code(std::vector<uint64_t>(32768, 1)));
}

TEST(Huffman, TableReadsBack) {
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    Random random(seed);
    const auto counts = random_counts(random, 1 + random.below(1000));
    const auto code = optimal_code(counts);
    if (!code) continue;
    BitWriter bits;
    write_table(bits, *code);
    const uint64_t length = bits.bit_count();
    const Bytes bytes = bits.take();
    BitReader reader(bytes, "test");
    EXPECT_EQ(read_table(reader, static_cast<uint32_t>(counts.size())), *code);
    EXPECT_EQ(reader.at(), length);
  }
}

TEST(Huffman, TableOfABellCurveTakesAboutTwoBitsASymbol) {
  std::vector<uint64_t> counts(32);
  for (size_t i = 0; i < counts.size(); ++i)
    counts[i] = static_cast<uint64_t>(10000 * std::exp(-std::pow((static_cast<double>(i) - 15.5) / 8, 2)));
  EXPECT_LE(table_bits(*optimal_code(counts)), 2 * 32 + 8u);
}

TEST(Huffman, RefusesDamagedTables) {
  const auto read = [](std::initializer_list<std::pair<uint32_t, int>> numbers, uint32_t alphabet) {
    BitWriter bits;
    for (const auto& [number, width] : numbers) bits.put(number, width);
    const Bytes bytes = bits.take();
    BitReader reader(bytes, "test");
    return read_table(reader, alphabet);
  };
  EXPECT_NO_THROW(read({{1, 4}, {0, 1}, {0, 1}}, 2));
  EXPECT_THROW(read({{2, 4}, {0, 1}, {0, 1}, {0, 1}}, 3), Error) << "incomplete";
  EXPECT_THROW(read({{2, 4}, {0b101, 3}, {0b100, 3}, {0b101, 3}, {0, 1}}, 9), Error) << "over-subscribed";
  EXPECT_THROW(read({{1, 4}, {0b101, 3}, {0, 8}}, 3), Error) << "a code of no bits";
  EXPECT_THROW(read({{15, 4}, {0b100, 3}, {0, 8}}, 3), Error) << "a code of 16 bits";
  EXPECT_THROW(read({{1, 4}, {0b1111, 4}, {0b00111, 5}, {0, 8}}, 3), Error) << "a run past the alphabet";
  EXPECT_THROW(read({{0, 4}, {3, 2}}, 3), Error) << "a lone symbol outside the alphabet";
  EXPECT_THROW(read({{3, 4}}, 40), Error) << "cut short";
}

TEST(Huffman, FastDecoderAgreesWithTheSlowOneAndWithWhatWasWritten) {
  for (uint64_t seed = 1; seed <= 100; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    Random random(seed);
    const auto counts = random_counts(random, 1 + random.below(seed % 10 == 0 ? 20000 : 300));
    const auto code = optimal_code(counts);
    if (!code) continue;
    std::vector<uint16_t> symbols;
    for (size_t i = 0; i < counts.size(); ++i)
      symbols.insert(symbols.end(), counts[i], static_cast<uint16_t>(i));
    random.shuffle(std::span(symbols));
    BitWriter bits;
    const HuffmanEncoder encoder(*code);
    for (uint16_t symbol : symbols) encoder.put(bits, symbol);
    const Bytes bytes = bits.take();
    const HuffmanDecoder decoder(*code);
    BitReader fast(bytes, "fast"), single(bytes, "single"), slow(bytes, "slow");
    std::vector<uint16_t> decoded(symbols.size());
    decoder.read(fast, decoded);
    ASSERT_EQ(decoded, symbols);
    for (uint16_t symbol : symbols) {
      ASSERT_EQ(decoder.next(single), symbol);
      ASSERT_EQ(decoder.next_slowly(slow), symbol);
    }
    EXPECT_EQ(fast.at(), slow.at());
    EXPECT_EQ(single.at(), slow.at());
  }
}

}  // namespace
}  // namespace netsuke::codec
