// Pooling of planes: one channel of one image each.
#pragma once

#include <cstddef>

namespace netsuke::kernels {

/// Windows may hang over every edge; what lies outside of the plane never wins and adds nothing.
struct PoolShape {
  size_t height = 0, width = 0;
  size_t out_height = 0, out_width = 0;
  size_t kernel_h = 1, kernel_w = 1;
  size_t stride_h = 1, stride_w = 1;
  size_t pad_top = 0, pad_left = 0, pad_bottom = 0, pad_right = 0;
  bool count_pad = false;  ///< of averages: padding (but not what lies beyond it) counts as zeros
};

/// Floats that the pools need at `scratch`.
size_t pool_scratch(const PoolShape& shape);

/// `planes` planes, one after the other, from `in` to `out`.
void max_pool(const PoolShape& shape, size_t planes, const float* in, float* out, float* scratch);
void avg_pool(const PoolShape& shape, size_t planes, const float* in, float* out, float* scratch);
/// The slow twins.
void max_pool_scalar(const PoolShape& shape, size_t planes, const float* in, float* out);
void avg_pool_scalar(const PoolShape& shape, size_t planes, const float* in, float* out);

}  // namespace netsuke::kernels
