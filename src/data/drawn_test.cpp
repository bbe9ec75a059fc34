#include "data/drawn.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"

namespace netsuke {
namespace {

std::vector<uint8_t> picture(const Dataset& set, int64_t index) {
  std::vector<uint8_t> pixels(static_cast<size_t>(element_count(set.image_shape())));
  set.pixels(index, pixels);
  return pixels;
}

TEST(Drawn, SameSeedDrawsTheSamePicturesAndAnotherSeedOthers) {
  const Shape shape{3, 20, 30};
  const DatasetPtr one = make_drawn(3, shape, 1), same = make_drawn(3, shape, 1),
                   other = make_drawn(3, shape, 2);
  EXPECT_EQ(one->size(), 3);
  EXPECT_EQ(picture(*one, 2), picture(*same, 2));
  EXPECT_NE(picture(*one, 2), picture(*other, 2));
  EXPECT_NE(picture(*one, 0), picture(*one, 1));
}

// What a network's first layers go by: of photographs, pixels side by side are alike, and those far apart are
// not.
TEST(Drawn, NeighbouringPixelsAreAlikeAndDistantOnesAreNot) {
  const int64_t size = 64;
  const DatasetPtr set = make_drawn(20, {1, size, size}, 3);
  const auto correlation = [&](int64_t apart) {
    double xx = 0, xy = 0, x = 0, count = 0;
    for (int64_t i = 0; i < set->size(); ++i) {
      const std::vector<uint8_t> pixels = picture(*set, i);
      for (int64_t y = 0; y < size; ++y)
        for (int64_t at = y * size; at + apart < (y + 1) * size; ++at) {
          const double a = pixels[static_cast<size_t>(at)], b = pixels[static_cast<size_t>(at + apart)];
          xx += (a * a + b * b) / 2, xy += a * b, x += (a + b) / 2, ++count;
        }
    }
    const double mean = x / count;
    return (xy / count - mean * mean) / (xx / count - mean * mean);
  };
  EXPECT_GT(correlation(1), 0.8);
  EXPECT_LT(correlation(32), 0.4);
}

TEST(Drawn, RefusesWhatIsNoPicture) {
  EXPECT_THROW(make_drawn(0, {3, 8, 8}, 1), Error);
  EXPECT_THROW(make_drawn(1, {8, 8}, 1), Error);
}

}  // namespace
}  // namespace netsuke
