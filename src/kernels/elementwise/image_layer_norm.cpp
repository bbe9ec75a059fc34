#include "kernels/elementwise/image_layer_norm.h"

#include <cmath>

namespace netsuke::kernels {
namespace {

// Sums that do not wait for each other, a vector of them or several.
constexpr size_t kSums = 16;

// The sum of (x - less)^power over a pixel's channels.
template <int kPower>
float sum_of(const float* x, size_t channels, float less) {
  float sums[kSums] = {};
  const auto term = [&](size_t c) { return kPower == 1 ? x[c] : (x[c] - less) * (x[c] - less); };
  const size_t whole = channels / kSums * kSums;
  for (size_t c = 0; c < whole; c += kSums)
    for (size_t i = 0; i < kSums; ++i) sums[i] += term(c + i);
  for (size_t c = whole; c < channels; ++c) sums[c - whole] += term(c);
  float sum = 0;
  for (const float part : sums) sum += part;
  return sum;
}

}  // namespace

void image_layer_norm(const ImageLayerNorm& norm, const float* in, size_t in_stride, float* out,
                      size_t out_stride, size_t first, size_t last) {
  const size_t channels = norm.scale.size();
  const auto count = static_cast<float>(channels);
  const float *scale = norm.scale.data(), *shift = norm.shift.data();
  for (size_t p = first; p < last; ++p) {
    const float* x = in + p * in_stride;
    float* y = out + p * out_stride;
    const float mean = sum_of<1>(x, channels, 0) / count;
    const float factor = 1 / std::sqrt(sum_of<2>(x, channels, mean) / count + norm.epsilon);
    for (size_t c = 0; c < channels; ++c) y[c] = (x[c] - mean) * factor * scale[c] + shift[c];
  }
}

void image_layer_norm_scalar(const ImageLayerNorm& norm, const float* in, size_t in_stride, float* out,
                             size_t out_stride, size_t first, size_t last) {
  const size_t channels = norm.scale.size();
  for (size_t p = first; p < last; ++p) {
    const float* x = in + p * in_stride;
    double mean = 0, variance = 0;
    for (size_t c = 0; c < channels; ++c) mean += x[c] / static_cast<double>(channels);
    for (size_t c = 0; c < channels; ++c)
      variance += std::pow(x[c] - mean, 2) / static_cast<double>(channels);
    for (size_t c = 0; c < channels; ++c)
      out[p * out_stride + c] = static_cast<float>(
          (x[c] - mean) / std::sqrt(variance + norm.epsilon) * norm.scale[c] + norm.shift[c]);
  }
}

}  // namespace netsuke::kernels
