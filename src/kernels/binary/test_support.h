// Random binary convolutions for the tests of the kernels that compute them.
#pragma once

#include "kernels/binary/binary_weights.h"
#include "kernels/conv/test_support.h"

namespace netsuke::kernels {

/// Channels about the edges of words and vectors, or any.
inline size_t any_binary_channels(Random& random) {
  constexpr size_t kEdges[] = {1, 3, 31, 32, 33, 63, 64, 65, 100, 129, 256, 300};
  return random.below(2) ? kEdges[random.below(std::size(kEdges))] : pick(random, 1, 80);
}

/// Any window, stride, dilation and padding; a third of the images are one pixel, as fully connected layers'
/// are.
inline ConvShape any_binary_conv(Random& random) {
  ConvShape s = any_conv(random);
  s.groups = 1;
  s.channels = any_binary_channels(random), s.out_channels = any_binary_channels(random);
  s.height = pick(random, 1, 12), s.width = pick(random, 1, 12);
  if (random.below(3) == 0) {
    s = ConvShape{s.channels, 1, 1, s.out_channels, 1, 1};
    if (random.below(2)) s.channels = pick(random, 1, 3000);
    return s;
  }
  return set_out_size(s, pick(random, 0, 3), pick(random, 0, 3)) ? s : any_binary_conv(random);
}

inline std::vector<uint64_t> random_bits(Random& random, size_t count) {
  std::vector<uint64_t> words((count + 63) / 64);
  for (uint64_t& word : words) word = random.next();
  return words;
}

/// The same weights as +1 and -1.
inline std::vector<float> plus_minus(const std::vector<uint64_t>& bits, size_t count) {
  std::vector<float> values(count);
  for (size_t i = 0; i < count; ++i) values[i] = bits[i / 64] >> i % 64 & 1 ? 1.0f : -1.0f;
  return values;
}

/// Calls work(part) for parts that make up the output: pixels below and above some pixel, and of the latter
/// the panels below and above some panel.
template <class Work>
void in_parts(Random& random, const ConvShape& s, const Work& work) {
  const size_t panels = binary_panels(s.out_channels);
  const size_t pixel = pick(random, 0, s.out_plane()), panel = pick(random, 0, panels);
  work(ConvPart{0, pixel, 0, panels});
  work(ConvPart{pixel, s.out_plane(), 0, panel});
  work(ConvPart{pixel, s.out_plane(), panel, panels});
}

}  // namespace netsuke::kernels
