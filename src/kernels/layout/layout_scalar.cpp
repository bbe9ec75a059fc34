#include "kernels/layout/layout.h"

namespace netsuke::kernels {

void to_nhwc_scalar(const float* in, size_t channels, size_t pixels, float* out, size_t out_stride,
                    size_t first, size_t last) {
  for (size_t p = first; p < last; ++p)
    for (size_t c = 0; c < channels; ++c) out[p * out_stride + c] = in[c * pixels + p];
}

void to_nchw_scalar(const float* in, size_t in_stride, size_t channels, size_t pixels, float* out,
                    size_t first, size_t last) {
  for (size_t c = 0; c < channels; ++c)
    for (size_t p = first; p < last; ++p) out[c * pixels + p] = in[p * in_stride + c];
}

void copy_channels_scalar(const float* in, size_t in_stride, size_t channels, float* out, size_t out_stride,
                          size_t first, size_t last) {
  for (size_t p = first; p < last; ++p)
    for (size_t c = 0; c < channels; ++c) out[p * out_stride + c] = in[p * in_stride + c];
}

void shuffle_channels(const float* in, size_t in_stride, const uint32_t* permutation, size_t channels,
                      float* out, size_t out_stride, size_t first, size_t last) {
  size_t p = first;
  for (; p + 4 <= last; p += 4) {  // one look at the permutation for all four
    const float* from = in + p * in_stride;
    float* to = out + p * out_stride;
    for (size_t c = 0; c < channels; ++c) {
      const float* value = from + permutation[c];
      const float a = value[0], b = value[in_stride], d = value[2 * in_stride], e = value[3 * in_stride];
      to[c] = a, to[c + out_stride] = b, to[c + 2 * out_stride] = d, to[c + 3 * out_stride] = e;
    }
  }
  for (; p < last; ++p)
    for (size_t c = 0; c < channels; ++c) out[p * out_stride + c] = in[p * in_stride + permutation[c]];
}

}  // namespace netsuke::kernels
