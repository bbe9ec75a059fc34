// A hash of bytes that come one after the other, for telling things apart, not for damage: model/sections.h
// has checksums.
#pragma once

#include <cstdint>
#include <string_view>

namespace netsuke {

/// FNV-1a, 64 bits.
class Hash {
 public:
  void add(uint8_t byte) { value_ = (value_ ^ byte) * 1099511628211u; }
  void add(std::string_view text) {
    for (const char c : text) add(static_cast<uint8_t>(c));
  }
  uint64_t value() const { return value_; }

 private:
  uint64_t value_ = 1469598103934665603u;
};

}  // namespace netsuke
