// PNG by libpng, whose errors are jumps: no function that is jumped out of holds anything with a destructor.
#include <png.h>

#include <algorithm>
#include <cstring>

#include "base/error.h"
#include "data/image.h"

namespace netsuke::detail {
namespace {

struct PngDecoder {
  png_structp png = nullptr;
  png_infop info = nullptr;
  ByteView rest;
  char message[128] = "";

  explicit PngDecoder(ByteView bytes) : rest(bytes) {}
  ~PngDecoder() { png_destroy_read_struct(&png, &info, nullptr); }
  PngDecoder(const PngDecoder&) = delete;
  PngDecoder& operator=(const PngDecoder&) = delete;
};

[[noreturn]] void stop(png_structp png, png_const_charp message) {
  auto* decoder = static_cast<PngDecoder*>(png_get_error_ptr(png));
  std::strncpy(decoder->message, message, sizeof decoder->message - 1);
  png_longjmp(png, 1);
}

void ignore(png_structp, png_const_charp) {}

void take(png_structp png, png_bytep out, size_t count) {
  ByteView& rest = static_cast<PngDecoder*>(png_get_io_ptr(png))->rest;
  if (count > rest.size()) png_error(png, "ends too early");
  std::copy_n(rest.begin(), count, out);
  rest = rest.subspan(count);
}

/// False when libpng gave up; the decoder's message says why.
bool read_header(PngDecoder& decoder) {
  decoder.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &decoder, stop, ignore);
  if (!decoder.png) return false;
  if (setjmp(png_jmpbuf(decoder.png))) return false;
  decoder.info = png_create_info_struct(decoder.png);
  png_set_read_fn(decoder.png, &decoder, take);
  png_set_user_limits(decoder.png, static_cast<png_uint_32>(kMaxPixels),
                      static_cast<png_uint_32>(kMaxPixels));
  png_read_info(decoder.png, decoder.info);
  return true;
}

/// To 8 bits of gray or RGB, whatever the file holds.
bool prepare(PngDecoder& decoder) {
  if (setjmp(png_jmpbuf(decoder.png))) return false;
  png_set_strip_16(decoder.png);
  png_set_expand(decoder.png);
  png_set_strip_alpha(decoder.png);
  png_set_interlace_handling(decoder.png);
  png_read_update_info(decoder.png, decoder.info);
  return true;
}

bool read_pixels(PngDecoder& decoder, png_bytepp rows) {
  if (setjmp(png_jmpbuf(decoder.png))) return false;
  png_read_image(decoder.png, rows);
  png_read_end(decoder.png, nullptr);
  return true;
}

}  // namespace

bool is_png(ByteView bytes) { return bytes.size() >= 8 && png_sig_cmp(bytes.data(), 0, 8) == 0; }

ImageSize read_png(ByteView bytes, std::string_view what, Bytes* pixels) {
  PngDecoder decoder(bytes);
  const auto require_whole = [&](bool ok) { require(ok, what, ": damaged PNG (", decoder.message, ")"); };
  require_whole(read_header(decoder));
  const uint32_t height = png_get_image_height(decoder.png, decoder.info);
  const uint32_t width = png_get_image_width(decoder.png, decoder.info);
  require_size(height, width, what);
  const bool colour = png_get_color_type(decoder.png, decoder.info) & PNG_COLOR_MASK_COLOR;
  const ImageSize size{colour ? 3 : 1, static_cast<int>(height), static_cast<int>(width)};
  if (!pixels) return size;
  require_whole(prepare(decoder));
  const size_t stride = static_cast<size_t>(width) * static_cast<size_t>(size.channels);
  if (png_get_rowbytes(decoder.png, decoder.info) != stride)
    fail(ErrorCode::internal, what, ": libpng gives rows of another length than ", stride);
  pixels->resize(stride * height);
  std::vector<png_bytep> rows(height);
  for (uint32_t y = 0; y < height; ++y) rows[y] = pixels->data() + y * stride;
  require_whole(read_pixels(decoder, rows.data()));
  return size;
}

}  // namespace netsuke::detail
