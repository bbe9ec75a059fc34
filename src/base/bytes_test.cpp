#include "base/bytes.h"

#include <gtest/gtest.h>

#include <cmath>

namespace netsuke {
namespace {

TEST(Bytes, numbers_come_back_as_they_went_in) {
  ByteWriter w;
  w.u8(200), w.u16(60000), w.u32(4000000000u), w.u64(uint64_t{1} << 60), w.f32(-0.0f), w.text("fire2");
  for (uint64_t v : {uint64_t{0}, uint64_t{127}, uint64_t{128}, UINT64_MAX}) w.varint(v);
  ByteReader r(w.bytes(), "test");
  EXPECT_EQ(r.u8(), 200);
  EXPECT_EQ(r.u16(), 60000);
  EXPECT_EQ(r.u32(), 4000000000u);
  EXPECT_EQ(r.u64(), uint64_t{1} << 60);
  EXPECT_TRUE(std::signbit(r.f32()));
  EXPECT_EQ(r.text(), "fire2");
  for (uint64_t v : {uint64_t{0}, uint64_t{127}, uint64_t{128}, UINT64_MAX}) EXPECT_EQ(r.varint(), v);
  EXPECT_EQ(r.remaining(), 0u);
}

TEST(Bytes, little_endian_on_every_machine) {
  ByteWriter w;
  w.u32(0x01020304);
  EXPECT_EQ(w.bytes(), (Bytes{4, 3, 2, 1}));
}

TEST(Bytes, reading_past_the_end_is_an_error_that_names_the_source) {
  const Bytes three{1, 2, 3};
  ByteReader r(three, "small.nsk");
  r.u16();
  try {
    r.u32();
    FAIL() << "read past the end";
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), ErrorCode::input);
    EXPECT_NE(std::string(e.what()).find("small.nsk"), std::string::npos);
  }
}

TEST(Bytes, a_text_longer_than_the_bytes_is_refused_before_it_is_allocated) {
  ByteWriter w;
  w.varint(uint64_t{1} << 40);
  ByteReader r(w.bytes(), "test");
  EXPECT_THROW(r.text(), Error);
}

TEST(Bytes, a_varint_without_end_is_refused) {
  const Bytes endless(16, 0xff);
  ByteReader r(endless, "test");
  EXPECT_THROW(r.varint(), Error);
}

}  // namespace
}  // namespace netsuke
