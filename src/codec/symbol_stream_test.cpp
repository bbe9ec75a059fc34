#include "codec/symbol_stream.h"

#include <gtest/gtest.h>

#include "base/random.h"

namespace netsuke::codec {
namespace {

TEST(SymbolStream, ReadsBackAndTakesExactlyTheMeasuredBytes) {
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    Random random(seed);
    const auto alphabet = static_cast<uint32_t>(1 + random.below(500));
    const uint64_t spread = 1 + random.below(alphabet);
    std::vector<uint16_t> symbols(random.below(3000));
    for (uint16_t& symbol : symbols) symbol = static_cast<uint16_t>(random.below(1 + random.below(spread)));
    for (SymbolCoder coder : {SymbolCoder::smallest, SymbolCoder::packed, SymbolCoder::huffman}) {
      Bytes bytes = write_stream(symbols, alphabet, coder);
      const StreamSize measured = measure_stream(count_symbols(symbols, alphabet), coder);
      EXPECT_EQ(bytes.size(), measured.bytes());
      bytes.push_back(0xab);
      ByteReader reader(bytes, "test");
      StreamSize found;
      EXPECT_EQ(read_stream(reader, symbols.size(), alphabet, &found), symbols);
      EXPECT_EQ(reader.remaining(), 1u);
      EXPECT_EQ(found.table_bits, measured.table_bits);
      EXPECT_EQ(found.symbol_bits, measured.symbol_bits);
    }
  }
}

TEST(SymbolStream, PicksTheSmallerForm) {
  const std::vector<uint16_t> skewed(1000, 3), flat = {0, 1, 2, 3, 4, 5, 6, 7};
  EXPECT_LE(write_stream(skewed, 8).size(), 2u);
  EXPECT_EQ(write_stream(flat, 8).size(), 4u);
  EXPECT_LE(write_stream(flat, 8).size(), write_stream(flat, 8, SymbolCoder::huffman).size());
}

TEST(SymbolStream, TakesNoLessThanItsEntropy) {
  Random random(5);
  std::vector<uint16_t> symbols(5000);
  for (uint16_t& symbol : symbols) symbol = static_cast<uint16_t>(random.below(1 + random.below(40)));
  const auto counts = count_symbols(symbols, 40);
  const auto size = measure_stream(counts);
  EXPECT_TRUE(size.huffman);
  EXPECT_GE(static_cast<double>(size.symbol_bits), entropy_bits(counts));
  EXPECT_LE(static_cast<double>(size.symbol_bits), entropy_bits(counts) * 1.03);
}

TEST(SymbolStream, RefusesACountThatItsBytesCannotHold) {
  const Bytes bytes = write_stream(std::vector<uint16_t>{1, 0, 1, 1}, 2, SymbolCoder::packed);
  ByteReader reader(bytes, "test");
  EXPECT_THROW(read_stream(reader, size_t{1} << 40, 2), Error);
}

TEST(SymbolStream, RefusesDirtyPadding) {
  Bytes bytes = write_stream(std::vector<uint16_t>{1, 0, 1, 1}, 2, SymbolCoder::packed);
  bytes[0] |= 1;
  ByteReader reader(bytes, "test");
  EXPECT_THROW(read_stream(reader, 4, 2), Error);
}

}  // namespace
}  // namespace netsuke::codec
