#include "kernels/elementwise/lrn.h"

#include <algorithm>
#include <cmath>

namespace netsuke::kernels {
namespace {

// Pixels at a time: the rows of all neighbours then stay in the nearest cache.
constexpr size_t kBlock = 256;

// `sums` becomes sums^beta. AlexNet's power, 3/4, is made of square roots, for which processors have vector
// code.
void raise(float* sums, size_t count, float beta) {
  if (beta == 0.75f)
    for (size_t i = 0; i < count; ++i) sums[i] = std::sqrt(sums[i]) * std::sqrt(std::sqrt(sums[i]));
  else
    for (size_t i = 0; i < count; ++i) sums[i] = std::pow(sums[i], beta);
}

}  // namespace

void lrn(const LrnShape& shape, float alpha, float beta, float k, const float* x, float* out) {
  float sums[kBlock];
  for (size_t first = 0; first < shape.plane; first += kBlock) {
    const size_t count = std::min(kBlock, shape.plane - first);
    for (size_t c = 0; c < shape.channels; ++c) {
      std::fill_n(sums, count, 0.0f);
      const size_t end = std::min(c + shape.after + 1, shape.channels);
      for (size_t near = c - std::min(c, shape.before); near < end; ++near) {
        const float* row = x + near * shape.plane + first;
        for (size_t i = 0; i < count; ++i) sums[i] += row[i] * row[i];
      }
      for (size_t i = 0; i < count; ++i) sums[i] = k + alpha * sums[i];
      raise(sums, count, beta);
      const size_t at = c * shape.plane + first;
      for (size_t i = 0; i < count; ++i) out[at + i] = x[at + i] / sums[i];
    }
  }
}

}  // namespace netsuke::kernels
