#include "data/image.h"

#include <gmock/gmock.h>

#include "base/error.h"
#include "base/random.h"
#include "data/image_samples.h"

namespace netsuke {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string message_of(const Bytes& bytes) {
  try {
    decode_image(bytes, "here.img");
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

/// A slope in every direction and channel, smooth enough for JPEG.
Bytes slope(uint32_t height, uint32_t width, uint32_t channels) {
  Bytes out;
  for (uint32_t y = 0; y < height; ++y)
    for (uint32_t x = 0; x < width; ++x)
      for (uint32_t c = 0; c < channels; ++c) out.push_back(static_cast<uint8_t>(8 * y + 4 * x + 20 * c));
  return out;
}

TEST(DecodeImage, PngIsExactAndInPlanes) {
  const Image gray = decode_image(png_bytes(2, 3, 1, {1, 2, 3, 4, 5, 6}), "gray.png");
  EXPECT_EQ(gray.size, (ImageSize{1, 2, 3}));
  EXPECT_THAT(gray.pixels, ElementsAre(1, 2, 3, 4, 5, 6));
  const Image rgb = decode_image(png_bytes(1, 2, 3, {1, 2, 3, 4, 5, 6}), "rgb.png");
  EXPECT_EQ(rgb.size, (ImageSize{3, 1, 2}));
  EXPECT_THAT(rgb.pixels, ElementsAre(1, 4, 2, 5, 3, 6));
}

TEST(DecodeImage, AlphaIsDropped) {
  const Image image = decode_image(png_bytes(1, 2, 4, {10, 20, 30, 255, 40, 50, 60, 255}), "rgba.png");
  EXPECT_THAT(image.pixels, ElementsAre(10, 40, 20, 50, 30, 60));
}

TEST(DecodeImage, JpegComesNear) {
  for (const bool progressive : {false, true})
    for (const int channels : {1, 3}) {
      const Bytes pixels = slope(16, 24, static_cast<uint32_t>(channels));
      const Image image = decode_image(jpeg_bytes(16, 24, channels, pixels, progressive), "here.jpg");
      EXPECT_EQ(image.size, (ImageSize{channels, 16, 24}));
      for (size_t i = 0; i < pixels.size(); ++i) {
        const size_t c = i % static_cast<size_t>(channels), at = i / static_cast<size_t>(channels);
        EXPECT_NEAR(image.pixels[c * 16 * 24 + at], pixels[i], 8);
      }
    }
}

TEST(DecodeImage, TheHeaderAloneTellsTheSize) {
  EXPECT_EQ(image_size(png_bytes(5, 7, 3, Bytes(105)), "here"), (ImageSize{3, 5, 7}));
  EXPECT_EQ(image_size(jpeg_bytes(5, 7, 1, Bytes(35)), "here"), (ImageSize{1, 5, 7}));
}

TEST(DecodeImage, EveryTruncationIsAnErrorThatNamesTheFile) {
  for (const Bytes& whole : {png_bytes(9, 9, 3, slope(9, 9, 3)), jpeg_bytes(9, 9, 3, slope(9, 9, 3)),
                             jpeg_bytes(9, 9, 3, slope(9, 9, 3), true)})
    for (size_t size = 0; size < whole.size(); ++size)
      ASSERT_THAT(message_of({whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)}),
                  HasSubstr("here.img"))
          << size << " of " << whole.size();
}

TEST(DecodeImage, RandomDamageGivesAnImageOrAnError) {
  const Bytes samples[] = {png_bytes(9, 9, 3, slope(9, 9, 3)), jpeg_bytes(9, 9, 3, slope(9, 9, 3)),
                           jpeg_bytes(9, 9, 3, slope(9, 9, 3), true)};
  Random random(21);
  for (int round = 0; round < 3000; ++round) {
    Bytes bytes = samples[round % 3];
    for (uint64_t flips = 1 + random.below(3); flips > 0; --flips)
      bytes[random.below(bytes.size())] = static_cast<uint8_t>(random.next());
    try {
      decode_image(bytes, "here.img");
    } catch (const Error& error) {
      ASSERT_THAT(error.what(), HasSubstr("here.img"));
    }
  }
}

TEST(DecodeImage, WhatIsNoImageOrTooLargeIsRefused) {
  EXPECT_THAT(message_of({'G', 'I', 'F', '8', '9', 'a', 0, 0, 0}), HasSubstr("neither a JPEG nor a PNG"));
  EXPECT_THAT(message_of(jpeg_bytes(4, 4, 4, Bytes(64))), HasSubstr("4 channels"));
  Bytes huge = jpeg_bytes(8, 8, 1, Bytes(64));
  for (size_t i = 0; i + 8 < huge.size(); ++i)
    if (huge[i] == 0xff && huge[i + 1] == 0xc0)
      huge[i + 5] = huge[i + 7] = 0xff;  // height and width of the frame
  EXPECT_THAT(message_of(huge), HasSubstr("65288 x 65288 pixels"));
}

TEST(WithChannels, RepeatsGray) {
  const Image gray{{1, 1, 2}, {7, 9}};
  EXPECT_THAT(with_channels(gray, 3, "gray").pixels, ElementsAre(7, 9, 7, 9, 7, 9));
  EXPECT_THROW(with_channels({{2, 1, 1}, {1, 2}}, 1, "two"), Error);
}

TEST(WithChannels, TakesTheLumaOfColours) {
  // Red, green, blue and white, channel after channel.
  const Image rgb{{3, 1, 4}, {255, 0, 0, 255, 0, 255, 0, 255, 0, 0, 255, 255}};
  const Image gray = with_channels(rgb, 1, "rgb");
  EXPECT_EQ(gray.size.channels, 1);
  EXPECT_THAT(gray.pixels, ElementsAre(76, 150, 29, 255));
}

}  // namespace
}  // namespace netsuke
