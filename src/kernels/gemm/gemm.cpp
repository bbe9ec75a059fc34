#include "kernels/gemm/gemm.h"

#include <cstring>

#include "kernels/simd.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/gemm/gemm.cpp"
#include <hwy/foreach_target.h>
// Must come after foreach_target.h.
#include "kernels/gemm/gemm-inl.h"

HWY_BEFORE_NAMESPACE();
namespace netsuke::kernels::HWY_NAMESPACE {

// Copies a block of a row-major B into a panel, zeros to the right of its edge.
struct MatrixPanels {
  MatrixPanels(const float* matrix, size_t row_stride) : b(matrix), stride(row_stride) {}

  const float* b;
  size_t stride;
  alignas(kCacheLine) float scratch[kBlockFloats];

  const float* operator()(const Block& block, size_t column, size_t columns) {
    for (size_t i = 0; i < block.depth; ++i) {
      float* to = scratch + i * kPanelWidth;
      std::memcpy(to, b + (block.start + i) * stride + column, columns * sizeof(float));
      std::fill(to + columns, to + kPanelWidth, 0.0f);
    }
    return scratch;
  }
};

struct PackedPanels {
  const Panels& panels;

  const float* operator()(const Block& block, size_t column, size_t) const {
    return panels.values.data() + column * panels.k + block.start * kPanelWidth;
  }
};

void run_gemm(const Gemm& p) {
  MatrixPanels panels(p.b, p.b_stride);
  const Finish finish{p.row_bias, nullptr, p.clamp};
  product(p.m, p.k, p.a, p.a_stride, p.c, p.c_stride, 0, p.n, finish, panels);
}

void run_linear(const Panels& panels, const float* x, size_t m, float* y, Clamp clamp, size_t first,
                size_t last) {
  PackedPanels source{panels};
  const Finish finish{nullptr, panels.bias.data(), clamp};
  product(m, panels.k, x, panels.k, y, panels.n, first * kPanelWidth, std::min(last * kPanelWidth, panels.n),
          finish, source);
}

size_t panel_width() { return kPanelWidth; }

}  // namespace netsuke::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include "kernels/cpu.h"

namespace netsuke::kernels {

HWY_EXPORT(run_gemm);
HWY_EXPORT(run_linear);
HWY_EXPORT(panel_width);

void gemm(const Gemm& product) {
  if (scalar_only()) return gemm_scalar(product);
  HWY_DYNAMIC_DISPATCH(run_gemm)(product);
}

void linear(const Panels& panels, const float* x, size_t m, float* y, Clamp clamp, size_t first_panel,
            size_t last_panel) {
  if (scalar_only()) return linear_scalar(panels, x, m, y, clamp, first_panel, last_panel);
  HWY_DYNAMIC_DISPATCH(run_linear)(panels, x, m, y, clamp, first_panel, last_panel);
}

Panels pack_panels(const float* weights, size_t n, size_t k, std::span<const float> bias) {
  Panels panels{k, n, scalar_only() ? 1 : HWY_DYNAMIC_DISPATCH(panel_width)(), {}, {}};
  panels.values.resize(panels.count() * panels.width * k, 0.0f);
  panels.bias.resize(panels.count() * panels.width, 0.0f);
  std::copy(bias.begin(), bias.end(), panels.bias.begin());
  for (size_t column = 0; column < n; ++column) {
    float* to = panels.values.data() + column / panels.width * panels.width * k + column % panels.width;
    for (size_t i = 0; i < k; ++i) to[i * panels.width] = weights[column * k + i];
  }
  return panels;
}

}  // namespace netsuke::kernels
#endif  // HWY_ONCE
