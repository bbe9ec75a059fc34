// JPEG by libjpeg, whose errors are jumps: no function that is jumped out of holds anything with a
// destructor.
#include <csetjmp>
#include <cstdio>

#include <jpeglib.h>
// jpeglib.h first: the others need its types.
#include <jerror.h>

#include "base/error.h"
#include "data/image.h"

namespace netsuke::detail {
namespace {

/// A progressive file of a few bytes may ask for endless scans over a large image.
constexpr int kMostScans = 200;

struct JpegDecoder {
  jpeg_decompress_struct jpeg{};
  jpeg_error_mgr errors{};
  jpeg_progress_mgr progress{};
  std::jmp_buf failed{};
  char message[JMSG_LENGTH_MAX] = "";

  JpegDecoder() = default;
  ~JpegDecoder() { jpeg_destroy_decompress(&jpeg); }
  JpegDecoder(const JpegDecoder&) = delete;
  JpegDecoder& operator=(const JpegDecoder&) = delete;
};

[[noreturn]] void stop(j_common_ptr common) {
  auto* decoder = static_cast<JpegDecoder*>(common->client_data);
  common->err->format_message(common, decoder->message);
  std::longjmp(decoder->failed, 1);
}

/// Warnings (level -1) mean that pixels are missing or wrong, except for padding bytes between sections.
void warn(j_common_ptr common, int level) {
  if (level < 0 && common->err->msg_code != JWRN_EXTRANEOUS_DATA) stop(common);
}

void limit_scans(j_common_ptr common) {
  auto* decoder = static_cast<JpegDecoder*>(common->client_data);
  if (decoder->jpeg.input_scan_number <= kMostScans) return;
  std::snprintf(decoder->message, sizeof decoder->message, "more than %d scans", kMostScans);
  std::longjmp(decoder->failed, 1);
}

void set_up(JpegDecoder& decoder) {
  decoder.jpeg.err = jpeg_std_error(&decoder.errors);
  decoder.errors.error_exit = stop;
  decoder.errors.emit_message = warn;
  decoder.jpeg.client_data = &decoder;
}

/// False when libjpeg gave up; the decoder's message says why.
bool read_header(JpegDecoder& decoder, ByteView bytes) {
  if (setjmp(decoder.failed)) return false;
  jpeg_create_decompress(&decoder.jpeg);
  decoder.progress.progress_monitor = limit_scans;
  decoder.jpeg.progress = &decoder.progress;
  jpeg_mem_src(&decoder.jpeg, bytes.data(), bytes.size());
  jpeg_read_header(&decoder.jpeg, TRUE);
  return true;
}

bool read_pixels(JpegDecoder& decoder, uint8_t* out, size_t stride) {
  if (setjmp(decoder.failed)) return false;
  jpeg_start_decompress(&decoder.jpeg);
  while (decoder.jpeg.output_scanline < decoder.jpeg.output_height) {
    JSAMPROW row = out + decoder.jpeg.output_scanline * stride;
    jpeg_read_scanlines(&decoder.jpeg, &row, 1);
  }
  jpeg_finish_decompress(&decoder.jpeg);
  return true;
}

}  // namespace

bool is_jpeg(ByteView bytes) {
  return bytes.size() >= 3 && bytes[0] == 0xff && bytes[1] == 0xd8 && bytes[2] == 0xff;
}

ImageSize read_jpeg(ByteView bytes, std::string_view what, Bytes* pixels) {
  JpegDecoder decoder;
  set_up(decoder);
  require(read_header(decoder, bytes), what, ": damaged JPEG (", decoder.message, ")");
  jpeg_decompress_struct& jpeg = decoder.jpeg;
  require_size(jpeg.image_height, jpeg.image_width, what);
  if (jpeg.num_components != 1 && jpeg.num_components != 3)
    fail(ErrorCode::unsupported, what, ": JPEG of ", jpeg.num_components,
         " channels, gray and RGB are accepted");
  const ImageSize size{jpeg.num_components, static_cast<int>(jpeg.image_height),
                       static_cast<int>(jpeg.image_width)};
  if (!pixels) return size;
  jpeg.out_color_space = size.channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
  const size_t stride = static_cast<size_t>(size.width) * static_cast<size_t>(size.channels);
  pixels->resize(stride * static_cast<size_t>(size.height));
  require(read_pixels(decoder, pixels->data(), stride), what, ": damaged JPEG (", decoder.message, ")");
  return size;
}

}  // namespace netsuke::detail
