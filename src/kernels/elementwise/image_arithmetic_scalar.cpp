#include "kernels/elementwise/image_arithmetic.h"

namespace netsuke::kernels {

void image_scale_shift_scalar(const float* in, size_t in_stride, size_t channels, const float* scale,
                              const float* shift, Clamp clamp, float* out, size_t out_stride, size_t first,
                              size_t last) {
  for (size_t p = first; p < last; ++p)
    for (size_t c = 0; c < channels; ++c)
      out[p * out_stride + c] = clamp(scale[c] * in[p * in_stride + c] + shift[c]);
}

void add_images_scalar(const float* a, size_t a_stride, const float* b, size_t b_stride, size_t channels,
                       Clamp clamp, float* out, size_t out_stride, size_t first, size_t last) {
  for (size_t p = first; p < last; ++p)
    for (size_t c = 0; c < channels; ++c)
      out[p * out_stride + c] = clamp(a[p * a_stride + c] + b[p * b_stride + c]);
}

void image_prelu_scalar(const float* in, size_t in_stride, size_t channels, const float* slope, Clamp clamp,
                        float* out, size_t out_stride, size_t first, size_t last) {
  for (size_t p = first; p < last; ++p)
    for (size_t c = 0; c < channels; ++c) {
      const float x = in[p * in_stride + c];
      out[p * out_stride + c] = clamp(x > 0 ? x : slope[c] * x);
    }
}

}  // namespace netsuke::kernels
