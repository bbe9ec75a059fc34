#include "data/fingerprint.h"

#include <algorithm>

#include "base/hash.h"
#include "base/text.h"
#include "tensor/tensor.h"

namespace netsuke {
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
