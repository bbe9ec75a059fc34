// What the tests of kernels for NHWC images share.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "kernels/test_support.h"

namespace netsuke::kernels {

/// An image [pixels][channels] with room for other channels beside its own, of which a kernel must neither
/// read nor write anything. The memory ends with the last pixel's last channel.
struct Image {
  static constexpr float kOthers = 1e30f;  // ruins every sum it gets into

  size_t pixels, channels, stride;
  std::vector<float> values;

  Image(Random& random, size_t pixel_count, size_t channel_count)
      : pixels(pixel_count),
        channels(channel_count),
        stride(channels + (random.below(2) ? pick(random, 1, 20) : 0)),
        values((pixels - 1) * stride + channels, kOthers) {}

  float* data() { return values.data(); }
  float& at(size_t pixel, size_t channel) { return values[pixel * stride + channel]; }

  Image& fill(Random& random) {
    for (size_t p = 0; p < pixels; ++p)
      for (size_t c = 0; c < channels; ++c) at(p, c) = static_cast<float>(random.uniform(-1, 1));
    return *this;
  }
};

/// A number of channels: fewer than a vector's, about one, or many.
inline size_t any_channels(Random& random) {
  return random.below(2) ? pick(random, 1, 17) : pick(random, 18, 70);
}

/// Every channel of every pixel is NaN.
inline void expect_no_numbers(Image& image) {
  for (size_t p = 0; p < image.pixels; ++p)
    for (size_t c = 0; c < image.channels; ++c) ASSERT_TRUE(std::isnan(image.at(p, c))) << p << ", " << c;
}

}  // namespace netsuke::kernels
