#include "codec/bit_stream.h"

#include <gtest/gtest.h>

#include "base/random.h"
#include "codec/bit_pack.h"

namespace netsuke::codec {
namespace {

TEST(BitStream, WritesHighBitFirst) {
  BitWriter bits;
  bits.put(1, 1);
  bits.put(0b01, 2);
  bits.put(0b1'0000'0001, 9);
  EXPECT_EQ(bits.bit_count(), 12u);
  EXPECT_EQ(bits.take(), (Bytes{0b1011'0000, 0b0001'0000}));
}

TEST(BitStream, ReadsBackWhatWasWritten) {
  Random random(1);
  std::vector<std::pair<uint32_t, int>> numbers;
  BitWriter bits;
  for (int i = 0; i < 10000; ++i) {
    const int width = static_cast<int>(random.below(33));
    numbers.emplace_back(static_cast<uint32_t>(random.next() & ((uint64_t{1} << width) - 1)), width);
    bits.put(numbers.back().first, width);
  }
  const Bytes bytes = bits.take();
  BitReader reader(bytes, "test");
  for (const auto& [number, width] : numbers) ASSERT_EQ(reader.get(width), number);
  EXPECT_LT(reader.remaining(), 8u);
}

TEST(BitStream, RefusesToReadPastTheEnd) {
  const Bytes bytes = {0xff, 0xff};
  BitReader reader(bytes, "test");
  EXPECT_EQ(reader.get(15), 0x7fffu);
  EXPECT_EQ(reader.peek(8), 0x80u);
  EXPECT_THROW(reader.get(2), Error);
  EXPECT_EQ(reader.get(1), 1u);
}

TEST(BitPack, WidthTellsSymbolsApart) {
  EXPECT_EQ(packed_width(1), 0);
  EXPECT_EQ(packed_width(2), 1);
  EXPECT_EQ(packed_width(17), 5);
  EXPECT_EQ(packed_width(32), 5);
  EXPECT_EQ(packed_width(33), 6);
  EXPECT_EQ(packed_width(65536), 16);
}

TEST(BitPack, RefusesSymbolsOutsideTheAlphabet) {
  const Bytes bytes = {0b11100000};
  BitReader reader(bytes, "test");
  uint16_t symbol = 0;
  EXPECT_THROW(unpack(reader, 5, {&symbol, 1}), Error);
}

}  // namespace
}  // namespace netsuke::codec
