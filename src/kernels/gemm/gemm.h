// Matrix products of 32-bit floats, all matrices row-major.
#pragma once

#include <cstddef>
#include <span>

#include "kernels/aligned.h"
#include "kernels/clamp.h"

namespace netsuke::kernels {

/// C[m, n] = clamp(A[m, k] B[k, n] + bias), where bias[i] is added to row i. Strides are the distances
/// between rows in floats. C overlaps neither A nor B.
struct Gemm {
  size_t m = 0, n = 0, k = 0;
  const float* a = nullptr;
  size_t a_stride = 0;
  const float* b = nullptr;
  size_t b_stride = 0;
  float* c = nullptr;
  size_t c_stride = 0;
  const float* row_bias = nullptr;  ///< m values, or null for none
  Clamp clamp;
};

/// Register-tiled and cache-blocked (Goto and van de Geijn, "Anatomy of high-performance matrix
/// multiplication", 2008). One thread; split a large product by rows or columns to use more.
void gemm(const Gemm& product);
/// The slow twin: sums in k order, in float.
void gemm_scalar(const Gemm& product);

/// A matrix B[k, n] laid out as the gemm kernels read it: panels of `width` columns, each with its rows one
/// after the other, the last one filled up with zeros. For weights, packed once when a model is loaded.
struct Panels {
  size_t k = 0, n = 0;
  size_t width = 1;      ///< columns a panel; depends on the CPU level in use when it was packed
  AlignedFloats values;  ///< count() * k * width
  AlignedFloats bias;    ///< count() * width, zeros where there is none

  size_t count() const { return (n + width - 1) / width; }
};

/// Packs the transpose of `weights`, which is [n, k] as a linear layer's are. `bias` has n values or none.
Panels pack_panels(const float* weights, size_t n, size_t k, std::span<const float> bias);

/// y[m, n] = clamp(x[m, k] B[k, n] + bias) for the columns of the panels [first_panel, last_panel); this is
/// how a layer is split over threads. Rows of x are `k` and rows of y `n` floats apart.
void linear(const Panels& panels, const float* x, size_t m, float* y, Clamp clamp, size_t first_panel,
            size_t last_panel);
void linear_scalar(const Panels& panels, const float* x, size_t m, float* y, Clamp clamp, size_t first_panel,
                   size_t last_panel);

}  // namespace netsuke::kernels
