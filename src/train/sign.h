// The sign of a binary layer's inputs, with a gradient.
#pragma once

#include <ATen/core/Tensor.h>

namespace netsuke::train {

/// 1 where x >= 0, else -1, of x's own type; the gradient is that of a limit to [-1, 1] (XNOR-Net,
/// section 3.1), or, `smooth`, that of 2x - x|x| within it (Bi-Real Net, equation 6).
at::Tensor sign(const at::Tensor& x, bool smooth);

}  // namespace netsuke::train
