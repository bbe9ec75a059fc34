// Convolutions of one image as matrix products.
#pragma once

#include <cstddef>

#include "kernels/clamp.h"

namespace netsuke::kernels {

/// What is convolved with what. All sizes are positive; the output's size says how much padding there is at
/// the bottom and the right.
struct ConvShape {
  size_t channels = 0, height = 0, width = 0;  ///< input
  size_t out_channels = 0, out_height = 0, out_width = 0;
  size_t kernel_h = 1, kernel_w = 1;
  size_t stride_h = 1, stride_w = 1;
  size_t dilation_h = 1, dilation_w = 1;
  size_t pad_top = 0, pad_left = 0;
  size_t groups = 1;

  /// Rows of the matrix that the input is seen as: one for each weight of one output.
  size_t depth() const { return channels / groups * kernel_h * kernel_w; }
  size_t out_plane() const { return out_height * out_width; }
  /// Size of the part of the padded input that any window covers.
  size_t padded_height() const { return (out_height - 1) * stride_h + (kernel_h - 1) * dilation_h + 1; }
  size_t padded_width() const { return (out_width - 1) * stride_w + (kernel_w - 1) * dilation_w + 1; }
  /// True if the input is already the matrix: 1x1, stride 1, no padding.
  bool is_pointwise() const {
    return kernel_h == 1 && kernel_w == 1 && stride_h == 1 && stride_w == 1 && pad_top == 0 &&
           pad_left == 0 && out_height == height && out_width == width;
  }
};

struct Convolution {
  ConvShape shape;
  const float* weights = nullptr;  ///< OIHW with I = channels / groups
  const float* bias = nullptr;     ///< one an output channel, or null
  Clamp clamp;
};

/// Floats that conv2d needs at `scratch`.
size_t conv2d_scratch(const ConvShape& shape);

/// One image [channels, height, width] to [out_channels, out_height, out_width]. Only the output pixels
/// (counted row by row) in [first_pixel, last_pixel) are computed, so that threads can share an image.
void conv2d(const Convolution& conv, const float* image, float* out, size_t first_pixel, size_t last_pixel,
            float* scratch);
/// The slow twin: seven loops.
void conv2d_scalar(const Convolution& conv, const float* image, float* out, size_t first_pixel,
                   size_t last_pixel);

}  // namespace netsuke::kernels
