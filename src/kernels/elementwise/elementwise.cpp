#include "kernels/elementwise/elementwise.h"

#include <algorithm>
#include <cmath>

namespace netsuke::kernels {

void clamp(const float* x, size_t count, Clamp limits, float* out) {
  for (size_t i = 0; i < count; ++i) out[i] = limits(x[i]);
}

void softmax(const float* x, size_t classes, size_t plane, float* out) {
  for (size_t p = 0; p < plane; ++p) {
    float largest = x[p];
    for (size_t c = 1; c < classes; ++c) largest = std::max(largest, x[c * plane + p]);
    float sum = 0;
    for (size_t c = 0; c < classes; ++c) sum += out[c * plane + p] = std::exp(x[c * plane + p] - largest);
    for (size_t c = 0; c < classes; ++c) out[c * plane + p] /= sum;
  }
}

}  // namespace netsuke::kernels
