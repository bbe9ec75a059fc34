// Small JPEG and PNG files for tests.
#pragma once

#include <cstdio>
#include <cstdlib>

#include <jpeglib.h>
#include <png.h>

#include "data/image.h"

namespace netsuke {

/// Interleaved (height x width x channels) pixels as a PNG; 2 or 4 channels have alpha.
inline Bytes png_bytes(uint32_t height, uint32_t width, int channels, const Bytes& pixels) {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  image.height = height;
  image.width = width;
  image.format = static_cast<png_uint_32>((channels >= 3 ? PNG_FORMAT_FLAG_COLOR : 0) |
                                          (channels % 2 == 0 ? PNG_FORMAT_FLAG_ALPHA : 0));
  png_alloc_size_t size = 0;
  png_image_write_to_memory(&image, nullptr, &size, 0, pixels.data(), 0, nullptr);
  Bytes out(size);
  png_image_write_to_memory(&image, out.data(), &size, 0, pixels.data(), 0, nullptr);
  out.resize(size);
  return out;
}

inline Bytes jpeg_bytes(uint32_t height, uint32_t width, int channels, const Bytes& pixels,
                        bool progressive = false) {
  jpeg_compress_struct jpeg{};
  jpeg_error_mgr errors{};
  jpeg.err = jpeg_std_error(&errors);
  jpeg_create_compress(&jpeg);
  unsigned char* buffer = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&jpeg, &buffer, &size);
  jpeg.image_height = height;
  jpeg.image_width = width;
  jpeg.input_components = channels;
  jpeg.in_color_space = channels == 1 ? JCS_GRAYSCALE : channels == 3 ? JCS_RGB : JCS_CMYK;
  jpeg_set_defaults(&jpeg);
  jpeg_set_quality(&jpeg, 100, TRUE);
  if (progressive) jpeg_simple_progression(&jpeg);
  jpeg_start_compress(&jpeg, TRUE);
  while (jpeg.next_scanline < height) {
    auto* row =
        const_cast<JSAMPROW>(pixels.data() + jpeg.next_scanline * width * static_cast<uint32_t>(channels));
    jpeg_write_scanlines(&jpeg, &row, 1);
  }
  jpeg_finish_compress(&jpeg);
  jpeg_destroy_compress(&jpeg);
  const Bytes out(buffer, buffer + size);
  std::free(buffer);
  return out;
}

}  // namespace netsuke
