// What a convolution's weights have to do with the loss: of 1x1 ones here, of 3x3 ones in
// winograd_gradient.h; and the slow twin of both.
#pragma once

#include "kernels/conv/conv.h"

namespace netsuke::kernels {

/// Panels of output channels, counted over all groups: by them threads share the gradient of the weights.
size_t gradient_panels(const ConvShape& shape);

/// Floats that pointwise_gradient needs at `scratch`.
size_t pointwise_gradient_scratch();

/// Adds to `sums` the gradient of the weights of a 1x1 convolution of stride 1 without padding, over some
/// images: from x [images][height][width][channels] and the gradient of the result, dy
/// [images][height][width][out_channels], for the output channels of panels [first_panel, last_panel).
/// `sums` is [groups][channels / groups][out_channels / groups]. For each group a matrix product whose sums
/// are over pixels. One thread, at no level "scalar".
void pointwise_gradient(const ConvShape& shape, const float* x, const float* dy, size_t images, float* sums,
                        size_t first_panel, size_t last_panel, float* scratch);

/// The slow twin, of any convolution that is not shuffled: all loops, sums in double. `sums` is
/// [groups][kernel_h][kernel_w][channels / groups][out_channels / groups].
void filter_gradient_scalar(const ConvShape& shape, const float* x, const float* dy, size_t images,
                            float* sums);

}  // namespace netsuke::kernels
