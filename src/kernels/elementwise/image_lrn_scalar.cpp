#include <algorithm>
#include <cmath>

#include "kernels/elementwise/image_lrn.h"

namespace netsuke::kernels {

void image_lrn_scalar(const ImageLrn& lrn, const float* in, size_t in_stride, float* out, size_t out_stride,
                      size_t first, size_t last) {
  for (size_t p = first; p < last; ++p) {
    const float* x = in + p * in_stride;
    for (size_t c = 0; c < lrn.channels; ++c) {
      float sum = 0;
      for (size_t near = c - std::min(c, lrn.before); near <= c + lrn.after && near < lrn.channels; ++near)
        sum += x[near] * x[near];
      out[p * out_stride + c] = x[c] / std::pow(lrn.k + lrn.alpha * sum, lrn.beta);
    }
  }
}

}  // namespace netsuke::kernels
