// Convolutions of signs with signs: XNOR-Net, Rastegari et al. 2016 (arXiv 1603.05279), section 3.2. A dot
// product of n signs is n - 2 popcount(a xor b). A binary fully connected layer is one of a 1 x 1 image; the
// product of two binary matrices one of an image of one row.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/binary/binary_weights.h"
#include "kernels/binary/signs.h"
#include "kernels/clamp.h"
#include "kernels/conv/conv.h"

namespace netsuke::kernels {

/// What becomes of the dot product of output channel o at output pixel p:
///
///   y = dot * scale[o] * k[p] + shift[o] + add[p][o],  y = y < 0 ? y * slope[o] : y (PReLU),  y = clamp(y)
///
/// (XNOR-Net, equation 11, with what follows in a network.) Then y is written as a float, or the sign of
/// y * sign_scale[o] + sign_shift[o] as a bit for the next binary convolution, or both.
struct BinaryOutput {
  const float* scale = nullptr;  ///< one an output channel
  const float* shift = nullptr;  ///< one an output channel, or null: 0
  const float* k = nullptr;      ///< one an output pixel (see box_filter), or null: 1
  const float* add = nullptr;    ///< or null; may be `out`
  size_t add_stride = 0;         ///< floats between pixels
  const float* slope = nullptr;  ///< one an output channel, or null: 1
  Clamp clamp;
  float* out = nullptr;               ///< floats, or null
  size_t out_stride = 0;              ///< floats between pixels
  uint64_t* signs = nullptr;          ///< [pixels][sign_words(out_channels)], or null; unused bits become 0
  const float* sign_scale = nullptr;  ///< one an output channel, or null: 1
  const float* sign_shift = nullptr;  ///< one an output channel, or null: 0
};

/// Floats that binary_conv needs at `scratch`.
size_t binary_conv_scratch(const ConvShape& shape);

/// One image of signs [height][width][sign_words(channels)], unused bits 0, to [out_height][out_width]
/// [out_channels]; groups == 1, fewer than 2^24 weights an output. What lies beside the image adds exactly 0.
/// `part` counts panels of kBinaryPanel output channels; threads that share an image each need their scratch.
void binary_conv(const ConvShape& shape, const BinaryWeights& weights, const uint64_t* in,
                 const BinaryOutput& output, const ConvPart& part, float* scratch);
/// The slow twin: tap by tap, channel by channel.
void binary_conv_scalar(const ConvShape& shape, const BinaryWeights& weights, const uint64_t* in,
                        const BinaryOutput& output, const ConvPart& part);

}  // namespace netsuke::kernels
