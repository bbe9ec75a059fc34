// Bits in and out of bytes, high bit first: the first bit written is the top bit (0x80) of the first byte,
// and a number of several bits is written from its most significant bit down. Canonical Huffman codes then
// compare as plain integers.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/bytes.h"

namespace netsuke::codec {

class BitWriter {
 public:
  /// Appends the low `count` bits of `value`, 0 <= count <= 32; higher bits of `value` must be zero.
  void put(uint32_t value, int count) {
    pending_ = (pending_ << count) | value;
    pending_count_ += count;
    while (pending_count_ >= 8) {
      pending_count_ -= 8;
      bytes_.push_back(static_cast<uint8_t>(pending_ >> pending_count_));
    }
  }
  uint64_t bit_count() const { return bytes_.size() * 8 + static_cast<uint64_t>(pending_count_); }
  /// What was written, the last byte filled up with zero bits. The writer is empty afterwards.
  Bytes take() {
    if (pending_count_ > 0) put(0, 8 - pending_count_);
    return std::move(bytes_);
  }

 private:
  Bytes bytes_;
  uint64_t pending_ = 0;  // its low pending_count_ bits are not yet in bytes_
  int pending_count_ = 0;
};

/// Reading past the end throws Error(input).
class BitReader {
 public:
  /// `what` names the source in errors and must outlive the reader, as must the bytes.
  BitReader(ByteView bytes, std::string_view what) : bytes_(bytes), what_(what) {}

  /// The next `count` bits as a number, 0 <= count <= 32.
  uint32_t get(int count) {
    const uint32_t value = peek(count);
    skip(count);
    return value;
  }
  /// The same without moving on; bits past the end read as zero.
  uint32_t peek(int count) const { return count == 0 ? 0 : static_cast<uint32_t>(window() >> (64 - count)); }
  void skip(int count) {
    require(static_cast<uint64_t>(count) <= remaining(), what_, ": a bit stream ends after ", bytes_.size(),
            " bytes, in the middle of a symbol");
    at_ += static_cast<uint64_t>(count);
  }
  /// The bits ahead from the top bit down; at least 57 of them are real, or zeros past the end.
  uint64_t window() const {
    const size_t byte = at_ >> 3;
    uint64_t word = 0;
    if (byte + 8 <= bytes_.size()) {
      // Written out, compilers make one load and a byte swap of it; in a loop they do not.
      const uint8_t* p = bytes_.data() + byte;
      const auto at = [p](int i) { return static_cast<uint64_t>(p[i]) << (56 - 8 * i); };
      word = at(0) | at(1) | at(2) | at(3) | at(4) | at(5) | at(6) | at(7);
    } else {
      for (size_t i = byte; i < byte + 8; ++i) word = (word << 8) | (i < bytes_.size() ? bytes_[i] : 0u);
    }
    return word << (at_ & 7);
  }
  uint64_t remaining() const { return bytes_.size() * 8 - at_; }
  uint64_t at() const { return at_; }
  /// `bit` is one that at() gave.
  void move_to(uint64_t bit) { at_ = bit; }
  /// Bytes of which at least one bit has been read.
  size_t bytes_read() const { return static_cast<size_t>((at_ + 7) / 8); }
  std::string_view what() const { return what_; }

 private:
  ByteView bytes_;
  std::string_view what_;
  uint64_t at_ = 0;  // in bits
};

}  // namespace netsuke::codec
