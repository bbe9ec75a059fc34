#include "kernels/elementwise/elementwise.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace netsuke::kernels {

void clamp(const float* x, size_t count, Clamp limits, float* out) {
  for (size_t i = 0; i < count; ++i) out[i] = limits(x[i]);
}

void scale_shift(const float* x, size_t channels, size_t plane, const float* scale, const float* shift,
                 Clamp limits, float* out) {
  for (size_t c = 0; c < channels; ++c)
    for (size_t i = c * plane; i < (c + 1) * plane; ++i) out[i] = limits(scale[c] * x[i] + shift[c]);
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

void plane_means(const float* x, size_t planes, size_t plane, float* out) {
  for (size_t p = 0; p < planes; ++p) {
    const float* values = x + p * plane;
    // In double: a plane may hold many thousands of values.
    out[p] = static_cast<float>(std::accumulate(values, values + plane, 0.0) / static_cast<double>(plane));
  }
}

}  // namespace netsuke::kernels
