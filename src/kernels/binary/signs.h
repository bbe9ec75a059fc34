// Images of signs: what binary convolutions read. A value is +1 or -1 and takes one bit (XNOR-Net, Rastegari
// et al. 2016, arXiv 1603.05279).
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/conv/conv.h"

namespace netsuke::kernels {

/// 64-bit words that one pixel's signs take.
constexpr size_t sign_words(size_t channels) { return (channels + 63) / 64; }

/// Real NHWC values, and what is done to them before their sign or size is taken: batch normalisation as
/// x * scale + shift, one of each a channel.
struct RealPixels {
  const float* in = nullptr;
  size_t in_stride = 0;  ///< floats between pixels
  size_t pixels = 0, channels = 0;
  const float* scale = nullptr;  ///< or null: 1
  const float* shift = nullptr;  ///< or null: 0
};

/// Signs of an image's values: bit c % 64 of word c / 64 of a pixel is 1 (which stands for +1) where
/// x[c] * scale[c] + shift[c] >= 0, else 0 (-1; so is NaN). Unused bits of a pixel's last word are 0. Writes
/// [pixels][sign_words(channels)]. CPU levels may differ where a value is within a rounding of 0.
void pack_signs(const RealPixels& image, uint64_t* out);
/// The slow twin.
void pack_signs_scalar(const RealPixels& image, uint64_t* out);

/// A of XNOR-Net, section 3.2: the mean of |x * scale + shift| over the channels of each pixel. Writes
/// [pixels].
void mean_abs(const RealPixels& image, float* out);
/// The slow twin.
void mean_abs_scalar(const RealPixels& image, float* out);

/// K = A * k of XNOR-Net, section 3.2: the mean of `a` [height][width] under each window of the convolution,
/// zeros beside the image. Writes [out_height][out_width].
void box_filter(const ConvShape& shape, const float* a, float* k);

}  // namespace netsuke::kernels
