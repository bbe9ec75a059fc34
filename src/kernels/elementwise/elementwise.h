// What touches every value once: plain loops that compilers turn into vector code by themselves.
#pragma once

#include <cstddef>

#include "kernels/clamp.h"

namespace netsuke::kernels {

/// out = clamp(x), `count` values. `x` and `out` may be the same here and below, but not overlap otherwise.
void clamp(const float* x, size_t count, Clamp limits, float* out);

/// out = clamp(scale[c] x + shift[c]) for `channels` planes of `plane` values each: batch normalisation once
/// its statistics are constants.
void scale_shift(const float* x, size_t channels, size_t plane, const float* scale, const float* shift,
                 Clamp limits, float* out);

/// exp(x) / sum exp(x) over `classes` values that lie `plane` apart, for each of `plane` positions. The
/// largest is subtracted first, so nothing overflows.
void softmax(const float* x, size_t classes, size_t plane, float* out);

/// The mean of each of `planes` planes.
void plane_means(const float* x, size_t planes, size_t plane, float* out);

}  // namespace netsuke::kernels
