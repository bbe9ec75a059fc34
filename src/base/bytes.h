// Little-endian bytes in and out. The reader trusts nothing: reading past the end throws Error(input).
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace netsuke {

using Bytes = std::vector<uint8_t>;
using ByteView = std::span<const uint8_t>;

class ByteWriter {
 public:
  void u8(uint8_t v) { bytes_.push_back(v); }
  void u16(uint16_t v) { little_endian(v, 2); }
  void u32(uint32_t v) { little_endian(v, 4); }
  void u64(uint64_t v) { little_endian(v, 8); }
  void f32(float v) { u32(std::bit_cast<uint32_t>(v)); }
  /// LEB128: seven bits a byte, low bits first, the top bit set on all but the last byte.
  void varint(uint64_t v) {
    for (; v >= 0x80; v >>= 7) u8(static_cast<uint8_t>(v | 0x80));
    u8(static_cast<uint8_t>(v));
  }
  void raw(ByteView v) { bytes_.insert(bytes_.end(), v.begin(), v.end()); }
  /// A varint length, then the characters.
  void text(std::string_view v) {
    varint(v.size());
    bytes_.insert(bytes_.end(), v.begin(), v.end());
  }
  size_t size() const { return bytes_.size(); }
  const Bytes& bytes() const { return bytes_; }
  Bytes take() { return std::move(bytes_); }

 private:
  void little_endian(uint64_t v, int count) {
    for (int i = 0; i < count; ++i) u8(static_cast<uint8_t>(v >> (8 * i)));
  }
  Bytes bytes_;
};

class ByteReader {
 public:
  /// `what` names the source in errors, as in "lenet5.nsk, graph section"; it must outlive the reader.
  ByteReader(ByteView bytes, std::string_view what) : bytes_(bytes), what_(what) {}

  uint8_t u8() { return take(1)[0]; }
  uint16_t u16() { return static_cast<uint16_t>(little_endian(2)); }
  uint32_t u32() { return static_cast<uint32_t>(little_endian(4)); }
  uint64_t u64() { return little_endian(8); }
  float f32() { return std::bit_cast<float>(u32()); }
  uint64_t varint() {
    uint64_t v = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const uint8_t byte = u8();
      v |= static_cast<uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return v;
    }
    fail(ErrorCode::input, what_, ": a length of more than 64 bits at byte ", at_);
  }
  /// A varint that must not exceed `limit`; `name` says in the error what it counts.
  uint64_t varint(uint64_t limit, std::string_view name) {
    const uint64_t v = varint();
    require(v <= limit, what_, ": ", name, " is ", v, ", at most ", limit, " is accepted");
    return v;
  }
  ByteView take(size_t count) {
    require(count <= remaining(), what_, ": ends at byte ", bytes_.size(), ", needs ", count,
            " more from byte ", at_);
    at_ += count;
    return bytes_.subspan(at_ - count, count);
  }
  std::string text(uint64_t limit = 1 << 16) {
    const ByteView v = take(static_cast<size_t>(varint(limit, "a text's length")));
    return {v.begin(), v.end()};
  }
  size_t at() const { return at_; }
  size_t remaining() const { return bytes_.size() - at_; }
  std::string_view what() const { return what_; }

 private:
  uint64_t little_endian(size_t count) {
    uint64_t v = 0;
    int shift = 0;
    for (uint8_t byte : take(count)) v |= static_cast<uint64_t>(byte) << shift, shift += 8;
    return v;
  }
  ByteView bytes_;
  std::string_view what_;
  size_t at_ = 0;
};

}  // namespace netsuke
