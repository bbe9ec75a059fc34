#include "data/fit.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/random.h"
#include "data/memory.h"

namespace netsuke {
namespace {

Image gray(int height, int width, Bytes pixels) { return {{1, height, width}, std::move(pixels)}; }

TEST(Resized, GrowsByLinearInterpolation) {
  // Pixel centres of the result lie at 0.25 and 0.75 of the way between those of the source.
  EXPECT_EQ(resized(gray(1, 2, {0, 100}), 1, 4).pixels, (Bytes{0, 25, 75, 100}));
}

TEST(Resized, ShrinksWithoutAliasing) {
  // Every second pixel is white: sampling would give all white or all black.
  Bytes stripes;
  for (int i = 0; i < 64; ++i) stripes.push_back(i % 2 ? 200 : 0);
  for (uint8_t pixel : resized(gray(1, 64, stripes), 1, 8).pixels) EXPECT_NEAR(pixel, 100, 5);
}

TEST(Resized, KeepsWhatIsEvenAndTheMeanOfWhatIsNot) {
  const uint64_t seed = 7;
  SCOPED_TRACE(seed);
  Random random(seed);
  for (int round = 0; round < 20; ++round) {
    const int h = 1 + static_cast<int>(random.below(40)), w = 1 + static_cast<int>(random.below(40));
    const Image even = gray(h, w, Bytes(static_cast<size_t>(h * w), 93));
    const int to_h = 1 + static_cast<int>(random.below(40)), to_w = 1 + static_cast<int>(random.below(40));
    for (uint8_t pixel : resized(even, to_h, to_w).pixels) EXPECT_EQ(pixel, 93) << h << 'x' << w;
  }
}

TEST(Fitted, CutsTheCentreOutOfTheResizedPicture) {
  Bytes columns;
  for (int y = 0; y < 4; ++y)
    for (int x = 0; x < 8; ++x) columns.push_back(static_cast<uint8_t>(x * 10));
  const Image out = fitted(gray(4, 8, columns), {{3, 4, 4}, 4}, "test");
  EXPECT_EQ(out.size, (ImageSize{3, 4, 4}));
  EXPECT_EQ(Bytes(out.pixels.begin(), out.pixels.begin() + 4), (Bytes{20, 30, 40, 50}));
  EXPECT_EQ(Bytes(out.pixels.begin() + 16, out.pixels.begin() + 20), (Bytes{20, 30, 40, 50}));
}

TEST(Fitted, NeverIsSmallerThanTheInput) {
  const Image out = fitted(gray(5, 100, Bytes(500, 1)), {{1, 9, 9}, 8}, "test");
  EXPECT_EQ(out.size, (ImageSize{1, 9, 9}));
}

TEST(Fitted, CutsTheEndsOffALine) {
  // Resized whole it would be 256 rows of 256 million pixels.
  Bytes line(1'000'000, 1);
  std::fill_n(line.begin() + 499'000, 2000, 7);
  for (const bool tall : {false, true}) {
    const Image picture = tall ? gray(1'000'000, 1, line) : gray(1, 1'000'000, line);
    EXPECT_EQ(fitted(picture, {{1, 8, 8}, 256}, "line.png").pixels, Bytes(64, 7));
  }
}

TEST(Fitted, ColoursBecomeGrayWhereThatIsWanted) {
  const Image white{{3, 2, 2}, Bytes(12, 255)};
  EXPECT_EQ(fitted(white, {{1, 2, 2}, 2}, "white.png").pixels, Bytes(4, 255));
}

TEST(Fitted, DatasetsGiveTheirImagesInTheWantedSize) {
  MemoryImages set{.name = "two",
                   .shape = {1, 2, 2},
                   .pixels = {9, 9, 9, 9, 5, 5, 5, 5},
                   .labels = {0, 1},
                   .classes = {"a", "b"}};
  const DatasetPtr whole = make_memory_dataset(std::move(set));
  EXPECT_EQ(fitted(whole, {{1, 2, 2}, 2}), whole);
  const DatasetPtr large = fitted(whole, {{3, 4, 4}, 4});
  Bytes pixels(48);
  large->pixels(1, pixels);
  EXPECT_EQ(pixels, Bytes(48, 5));
  EXPECT_EQ(large->label(1), 1);
}

}  // namespace
}  // namespace netsuke
