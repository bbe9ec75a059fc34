// 3x3 convolutions with fewer multiplications: Lavin and Gray, "Fast algorithms for convolutional neural
// networks" (arXiv 1509.09308). NHWC, as in kernels/conv/conv.h.
#pragma once

#include <cstddef>
#include <vector>

#include "kernels/conv/conv.h"

namespace netsuke::kernels {

/// What F(m, 3) is good for: kernel 3x3, stride 1, no dilation, one group, 16 or more input channels and a
/// multiple of 16 output channels. F(6, 3) is left out on SSE4, whose 16 registers of four lanes it would
/// take 29 kB of code to fill.
bool winograd_fits(const ConvShape& shape, size_t m);

/// Weights of F(m x m, 3 x 3): every kernel g becomes G g G^T, (m + 2)^2 numbers, and for each of these
/// places there is one matrix [input channels, output channels].
struct WinogradWeights {
  size_t m = 0;         ///< outputs a tile has on each side: 2, 4 or 6
  Panels places;        ///< (m + 2)^2 matrices
  AlignedFloats bias;   ///< one an output channel
  AlignedFloats zeros;  ///< as many as a pixel has channels: what lies beside the image

  size_t panels() const { return places.count(); }
};

/// Room for the weights of a shape, with their bias.
WinogradWeights blank_winograd(const ConvShape& shape, std::span<const float> bias, size_t m);
/// Fills panels [first, last) of it from OIHW weights.
void fill_winograd(const ConvShape& shape, const float* weights, size_t first, size_t last,
                   WinogradWeights& packed);

/// Both: packs OIHW weights for tiles of m x m. With m, savings and rounding errors grow: on normal data of
/// 128 channels the error, relative to the result (root mean squares), is 3.4e-7 for m = 2, 2.3e-6 for 4
/// and 4.2e-6 for 6; the test holds them below 1e-6, 5e-6 and 1e-5.
WinogradWeights pack_winograd(const ConvShape& shape, const float* weights, std::span<const float> bias,
                              size_t m);

/// Tiles that cover the output, counted row by row.
size_t winograd_tiles(const ConvShape& shape, size_t m);
/// Tiles, of so many at hand, that are transformed and multiplied together.
size_t winograd_block(const ConvShape& shape, size_t m, size_t tiles);
/// Floats that `winograd` needs at `scratch` for a part of up to so many tiles.
size_t winograd_scratch(const ConvShape& shape, size_t m, size_t tiles);

/// A part of the output, for a thread: some tiles, of some panels of output channels. Tiles beyond those of
/// the image are those of further images, which lie behind it.
struct WinogradPart {
  size_t first_tile = 0, last_tile = 0;
  size_t first_panel = 0, last_panel = 0;
  /// `scratch` is as a part of these very tiles has left it, so that they need not be transformed again.
  bool again = false;
};

/// Computes a part. For blocks of tiles: B^T d B of every input tile, (m + 2)^2 matrix products, and A^T p A
/// of every output tile, with bias, image.add and clamp. Equal to conv2d but for rounding.
void winograd(const ConvShape& shape, const WinogradWeights& weights, const ImageArguments& image,
              const WinogradPart& part, float* scratch);

}  // namespace netsuke::kernels
