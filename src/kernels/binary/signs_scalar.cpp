#include <algorithm>
#include <cmath>

#include "kernels/binary/signs.h"

namespace netsuke::kernels {
namespace {

float value_at(const RealPixels& image, size_t pixel, size_t c) {
  const float x = image.in[pixel * image.in_stride + c];
  return (image.scale ? x * image.scale[c] : x) + (image.shift ? image.shift[c] : 0.0f);
}

// Output positions [first, last) whose tap, `offset` behind the window's begin, lies inside of the image.
struct Range {
  size_t first, last;
};

Range inside(size_t size, size_t out_size, size_t stride, size_t pad, size_t offset) {
  const size_t first = offset < pad ? (pad - offset + stride - 1) / stride : 0;
  const size_t last = size + pad > offset ? (size + pad - offset - 1) / stride + 1 : 0;
  return {std::min(first, out_size), std::min(last, out_size)};
}

}  // namespace

void pack_signs_scalar(const RealPixels& image, uint64_t* out) {
  const size_t words = sign_words(image.channels);
  std::fill_n(out, image.pixels * words, uint64_t{0});
  for (size_t p = 0; p < image.pixels; ++p)
    for (size_t c = 0; c < image.channels; ++c)
      if (value_at(image, p, c) >= 0) out[p * words + c / 64] |= uint64_t{1} << c % 64;
}

void mean_abs_scalar(const RealPixels& image, float* out) {
  for (size_t p = 0; p < image.pixels; ++p) {
    float sum = 0;
    for (size_t c = 0; c < image.channels; ++c) sum += std::abs(value_at(image, p, c));
    out[p] = sum / static_cast<float>(image.channels);
  }
}

// Tap by tap over whole rows, which compilers turn into vector code where the stride is 1.
void box_filter(const ConvShape& s, const float* a, float* k) {
  std::fill_n(k, s.out_plane(), 0.0f);
  const float factor = 1.0f / static_cast<float>(s.kernel_h * s.kernel_w);
  for (size_t ky = 0; ky < s.kernel_h; ++ky) {
    const Range rows = inside(s.height, s.out_height, s.stride_h, s.pad_top, ky * s.dilation_h);
    for (size_t kx = 0; kx < s.kernel_w; ++kx) {
      const Range columns = inside(s.width, s.out_width, s.stride_w, s.pad_left, kx * s.dilation_w);
      for (size_t y = rows.first; y < rows.last; ++y) {
        const float* row = a + (y * s.stride_h + ky * s.dilation_h - s.pad_top) * s.width;
        for (size_t x = columns.first; x < columns.last; ++x)
          k[y * s.out_width + x] += factor * row[x * s.stride_w + kx * s.dilation_w - s.pad_left];
      }
    }
  }
}

}  // namespace netsuke::kernels
