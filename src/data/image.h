// Decoding of image files.
#pragma once

#include <string_view>

#include "base/bytes.h"

namespace netsuke {

/// More pixels than this are refused before anything is allocated for them.
inline constexpr int64_t kMaxPixels = int64_t{64} << 20;

struct ImageSize {
  int channels = 0;  ///< 1 gray, 3 RGB
  int height = 0;
  int width = 0;
  bool operator==(const ImageSize&) const = default;
};

struct Image {
  ImageSize size;
  Bytes pixels;  ///< channels x height x width
};

/// What decode_image would give, from the header alone.
ImageSize image_size(ByteView bytes, std::string_view what);

/// A JPEG or PNG, recognised by content. Transparency is dropped, 16 bits become 8, palettes become colours;
/// no colour profile or gamma is applied. Throws Error(input) naming `what` for damaged, cut short or too
/// large images, and Error(unsupported) for other formats and CMYK.
Image decode_image(ByteView bytes, std::string_view what);

/// The image with as many channels: gray repeated to three, RGB as its luma (ITU-R BT.601: 0.299 R + 0.587 G
/// + 0.114 B), or as it is. Throws Error(input) for other numbers.
Image with_channels(Image image, int channels, std::string_view what);

namespace detail {
bool is_jpeg(ByteView bytes);
bool is_png(ByteView bytes);
/// Only the header is read when `pixels` is null; otherwise it is filled, interleaved (height x width x
/// channels).
ImageSize read_jpeg(ByteView bytes, std::string_view what, Bytes* pixels);
ImageSize read_png(ByteView bytes, std::string_view what, Bytes* pixels);
/// Throws Error(input) if there are more than kMaxPixels.
void require_size(uint64_t height, uint64_t width, std::string_view what);
}  // namespace detail

}  // namespace netsuke
