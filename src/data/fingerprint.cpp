#include "data/fingerprint.h"

#include <algorithm>

#include "base/text.h"
#include "tensor/tensor.h"

namespace netsuke {
namespace {

/// FNV-1a.
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

}  // namespace

uint64_t fingerprint(const Dataset& data) {
  constexpr int64_t kLooked = 64;
  Hash hash;
  hash.add(cat(data.name(), ' ', to_text(data.image_shape()), ' '));
  for (int64_t i = 0; i < data.size(); ++i) hash.add(cat(data.label(i), ' '));
  const int64_t looked = std::min(kLooked, data.size());
  std::vector<uint8_t> pixels(static_cast<size_t>(element_count(data.image_shape())));
  for (int64_t i = 0; i < looked; ++i) {
    if (!data.sound_pixels(i * data.size() / looked, pixels)) std::ranges::fill(pixels, uint8_t{0});
    for (const uint8_t pixel : pixels) hash.add(pixel);
  }
  return hash.value();
}

}  // namespace netsuke
