#include <algorithm>

#include "kernels/gemm/gemm.h"

namespace netsuke::kernels {

void gemm_scalar(const Gemm& p) {
  for (size_t row = 0; row < p.m; ++row) {
    float* c = p.c + row * p.c_stride;
    std::fill(c, c + p.n, 0.0f);
    for (size_t i = 0; i < p.k; ++i) {
      const float x = p.a[row * p.a_stride + i];
      for (size_t column = 0; column < p.n; ++column) c[column] += x * p.b[i * p.b_stride + column];
    }
    const float bias = p.row_bias ? p.row_bias[row] : 0.0f;
    for (size_t column = 0; column < p.n; ++column) c[column] = p.clamp(c[column] + bias);
  }
}

void linear_scalar(const Panels& panels, const float* x, size_t m, float* y, Clamp clamp, size_t first_panel,
                   size_t last_panel) {
  const size_t width = panels.width;
  const size_t last_column = std::min(last_panel * width, panels.n);
  for (size_t row = 0; row < m; ++row) {
    for (size_t column = first_panel * width; column < last_column; ++column) {
      const float* weights = panels.values.data() + column / width * width * panels.k + column % width;
      float sum = 0;
      for (size_t i = 0; i < panels.k; ++i) sum += x[row * panels.k + i] * weights[i * width];
      y[row * panels.n + column] = clamp(sum + panels.bias[column]);
    }
  }
}

}  // namespace netsuke::kernels
