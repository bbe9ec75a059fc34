// What a convolution's weights have to do with the loss: the third of its products in training, after the
// result and the gradient of its input, which other kernels compute.
#pragma once

#include "kernels/conv/conv.h"

namespace netsuke::kernels {

/// Floats that filter_gradient needs at `scratch`.
size_t filter_gradient_scratch(const ConvShape& shape);

/// Panels of output channels, counted over all groups.
size_t filter_gradient_panels(const ConvShape& shape);

/// Adds to `sums` the gradient of the weights over some images: from x [images][height][width][channels] and
/// the gradient of the result, dy [images][out_height][out_width][out_channels], for the output channels of
/// panels [first_panel, last_panel). `sums` is
/// [groups][kernel_h][kernel_w][channels / groups][out_channels / groups]. For each
/// place of the kernel a matrix product whose sums are over pixels, where they lie; `shape.shuffle` must
/// be 1. One thread.
void filter_gradient(const ConvShape& shape, const float* x, const float* dy, size_t images, float* sums,
                     size_t first_panel, size_t last_panel, float* scratch);

/// The slow twin: all loops, sums in double.
void filter_gradient_scalar(const ConvShape& shape, const float* x, const float* dy, size_t images,
                            float* sums);

}  // namespace netsuke::kernels
