// The gradient of the weights of 3x3 convolutions with fewer multiplications, the adjoint of
// kernels/winograd: dg = G^T [sum over tiles of (B^T d B) x (A dY A^T)] G (Lavin and Gray, arXiv 1509.09308;
// the sum is why a place needs one matrix product for all tiles).
#pragma once

#include "kernels/winograd/winograd.h"

namespace netsuke::kernels {

/// Tiles have 4x4 results.
inline constexpr size_t kGradientTile = 4, kGradientPlaces = 36;

/// Floats of the sums by place: [36][channels][out_channels].
inline size_t winograd_gradient_sums(const ConvShape& s) {
  return kGradientPlaces * s.channels * s.out_channels;
}

/// Floats that winograd_gradient needs at `scratch`.
size_t winograd_gradient_scratch(const ConvShape& shape);

/// As pointwise_gradient, for a shape that winograd_fits() with a tile of 4, but adds to sums by place.
void winograd_gradient(const ConvShape& shape, const float* x, const float* dy, size_t images, float* sums,
                       size_t first_panel, size_t last_panel, float* scratch);

/// Makes sums by place the gradient, [3][3][channels][out_channels]: G^T m G, of the weights of
/// input channels [first, last).
void winograd_gradient_weights(const ConvShape& shape, const float* sums, size_t first, size_t last,
                               float* gradient);

}  // namespace netsuke::kernels
