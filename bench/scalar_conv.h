// What XNOR-Net's speed-ups are counted from: a convolution without vectors.
#pragma once

#include <vector>

#include "kernels/conv/conv.h"

namespace netsuke::bench {

/// im2col, then a triple loop over 32-bit floats. NHWC image without padding between pixels; `weights` is
/// [ky][kx][in][out]; `columns` is room for [pixels][ky][kx][in].
void im2col_conv(const kernels::ConvShape& shape, const float* weights, const float* in, float* columns,
                 float* out);

}  // namespace netsuke::bench
