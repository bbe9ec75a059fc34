#include "codec/range_coder.h"

namespace netsuke::codec {

// A 1 out of the top of low_ goes into the bytes before it; the interval lies below 1, so it ends in one of
// them.
void RangeEncoder::carry() {
  size_t i = bytes_.size();
  while (++bytes_[--i] == 0) {
  }
}

void RangeEncoder::shift() {
  for (int at = 56; at >= 32; at -= 8) bytes_.push_back(static_cast<uint8_t>(low_ >> at));
  low_ <<= 32;
  range_ <<= 32;
}

Bytes RangeEncoder::finish() {
  // The number of the interval with most zeros at its end. At 2^64 itself it is a carry and nothing else.
  uint64_t number = low_;
  bool above = false;
  for (int zeros = 64; zeros > 0; --zeros) {
    const uint64_t rest = zeros == 64 ? low_ : low_ & ((uint64_t{1} << zeros) - 1);
    const uint64_t up = rest == 0 ? 0 : (zeros == 64 ? 0 : uint64_t{1} << zeros) - rest;
    if (up >= range_) continue;
    number = low_ + up;
    above = number < low_;
    break;
  }
  if (above) carry();
  for (int at = 56; at >= 0; at -= 8) bytes_.push_back(static_cast<uint8_t>(number >> at));
  while (!bytes_.empty() && bytes_.back() == 0) bytes_.pop_back();
  return std::move(bytes_);
}

void RangeDecoder::finish() const {
  require(bytes_.size() <= at_, what_, ": ", bytes_.size() - std::min(at_, bytes_.size()),
          " bytes too many behind a range-coded stream");
  require(bytes_.empty() || bytes_.back() != 0, what_, ": a range-coded stream ends in a zero");
}

}  // namespace netsuke::codec
