// A hash of bytes that come one after the other, for telling things apart, not for damage: model/sections.h
// has checksums.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace netsuke {

/// FNV-1a, 64 bits.
class Hash {
 public:
  void add(uint8_t byte) { value_ = (value_ ^ byte) * 0x100000001B3u; }
  void add(std::span<const uint8_t> bytes) {
    for (const uint8_t byte : bytes) add(byte);
  }
  void add(std::string_view text) {
    for (const char c : text) add(static_cast<uint8_t>(c));
  }
  uint64_t value() const { return value_; }

 private:
  uint64_t value_ = 0xCBF29CE484222325u;
};

}  // namespace netsuke
