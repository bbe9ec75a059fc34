#include "data/image.h"

#include <algorithm>

#include "base/error.h"

namespace netsuke {
namespace {

ImageSize read(ByteView bytes, std::string_view what, Bytes* pixels) {
  if (detail::is_jpeg(bytes)) return detail::read_jpeg(bytes, what, pixels);
  if (detail::is_png(bytes)) return detail::read_png(bytes, what, pixels);
  fail(ErrorCode::unsupported, what, ": is neither a JPEG nor a PNG image");
}

/// Height x width x channels becomes channels x height x width.
Bytes planes_of(const Bytes& interleaved, const ImageSize& size) {
  if (size.channels == 1) return interleaved;
  Bytes planes(interleaved.size());
  const auto channels = static_cast<size_t>(size.channels);
  const size_t plane = interleaved.size() / channels;
  for (size_t c = 0; c < channels; ++c)
    for (size_t i = 0; i < plane; ++i) planes[c * plane + i] = interleaved[i * channels + c];
  return planes;
}

}  // namespace

void detail::require_size(uint64_t height, uint64_t width, std::string_view what) {
  require(
      height > 0 && width > 0 && height <= kMaxPixels && width <= kMaxPixels && height * width <= kMaxPixels,
      what, ": has ", height, " x ", width, " pixels, 1 to ", kMaxPixels, " are accepted");
}

ImageSize image_size(ByteView bytes, std::string_view what) { return read(bytes, what, nullptr); }

Image decode_image(ByteView bytes, std::string_view what) {
  Bytes interleaved;
  const ImageSize size = read(bytes, what, &interleaved);
  return {size, planes_of(interleaved, size)};
}

namespace {

Bytes luma(const Image& image) {
  const size_t plane = image.pixels.size() / 3;
  const auto channel = [&](size_t c, size_t i) { return static_cast<uint32_t>(image.pixels[c * plane + i]); };
  Bytes gray(plane);
  for (size_t i = 0; i < plane; ++i)
    gray[i] =
        static_cast<uint8_t>((299 * channel(0, i) + 587 * channel(1, i) + 114 * channel(2, i) + 500) / 1000);
  return gray;
}

}  // namespace

Image with_channels(Image image, int channels, std::string_view what) {
  const int had = image.size.channels;
  if (had == channels) return image;
  require(had == 1 || (had == 3 && channels == 1), what, ": has ", had, " channels, ", channels,
          " are wanted");
  const Bytes plane = had == 1 ? std::move(image.pixels) : luma(image);
  image.pixels.clear();
  for (int c = 0; c < channels; ++c) image.pixels.insert(image.pixels.end(), plane.begin(), plane.end());
  image.size.channels = channels;
  return image;
}

}  // namespace netsuke
