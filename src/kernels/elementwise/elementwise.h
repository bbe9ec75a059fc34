// What touches every value once: plain loops that compilers turn into vector code by themselves.
#pragma once

#include <cstddef>

#include "kernels/clamp.h"

namespace netsuke::kernels {

/// out = clamp(x), `count` values. `x` and `out` may be the same here and below, but not overlap otherwise.
void clamp(const float* x, size_t count, Clamp limits, float* out);

/// exp(x) / sum exp(x) over `classes` values that lie `plane` apart, for each of `plane` positions. The
/// largest is subtracted first, so nothing overflows.
void softmax(const float* x, size_t classes, size_t plane, float* out);

}  // namespace netsuke::kernels
