#include "kernels/elementwise/image_group_norm.h"

#include <algorithm>
#include <cmath>

namespace netsuke::kernels {
namespace {

// Pixels whose values are added up by themselves before they meet the rest: a sum of thousands of floats
// loses digits.
constexpr size_t kBlock = 64;

// sums[c] = the sum of term(value, c) over all pixels, for channels [0, channels).
template <class Term>
void sum_pixels(const float* in, size_t stride, size_t pixels, size_t channels, float* sums, float* block,
                Term&& term) {
  std::fill_n(sums, channels, 0.0f);
  for (size_t first = 0; first < pixels; first += kBlock) {
    std::fill_n(block, channels, 0.0f);
    for (size_t p = first; p < std::min(first + kBlock, pixels); ++p)
      for (size_t c = 0; c < channels; ++c) block[c] += term(in[p * stride + c], c);
    for (size_t c = 0; c < channels; ++c) sums[c] += block[c];
  }
}

}  // namespace

void image_group_norm(const ImageGroupNorm& norm, const float* in, size_t in_stride, float* out,
                      size_t out_stride, size_t pixels, size_t first, size_t last, float* scratch) {
  const size_t each = norm.group_channels(), from = first * each, channels = (last - first) * each;
  const double count = static_cast<double>(pixels) * static_cast<double>(each);
  in += from, out += from;
  const float *scale = norm.scale.data() + from, *shift = norm.shift.data() + from;
  float *const sums = scratch, *const means = scratch + channels;  // `means` is the block's at first
  const auto mean_of_group = [&](size_t c) {
    double sum = 0;
    for (size_t i = 0; i < each; ++i) sum += sums[c + i];
    return sum / count;
  };

  sum_pixels(in, in_stride, pixels, channels, sums, means, [](float x, size_t) { return x; });
  for (size_t c = 0; c < channels; c += each)
    std::fill_n(means + c, each, static_cast<float>(mean_of_group(c)));
  float blocks[kBlock];
  for (size_t at = 0; at < channels; at += kBlock) {
    const size_t width = std::min(kBlock, channels - at);
    const float* mean = means + at;
    sum_pixels(in + at, in_stride, pixels, width, sums + at, blocks,
               [mean](float x, size_t c) { return (x - mean[c]) * (x - mean[c]); });
  }
  float* const factors = sums;
  for (size_t c = 0; c < channels; c += each) {
    const double deviation = std::sqrt(mean_of_group(c) + static_cast<double>(norm.epsilon));
    for (size_t i = c; i < c + each; ++i) factors[i] = static_cast<float>(scale[i] / deviation);
  }
  for (size_t p = 0; p < pixels; ++p)
    for (size_t c = 0; c < channels; ++c)
      out[p * out_stride + c] = (in[p * in_stride + c] - means[c]) * factors[c] + shift[c];
}

void image_group_norm_scalar(const ImageGroupNorm& norm, const float* in, size_t in_stride, float* out,
                             size_t out_stride, size_t pixels) {
  const size_t each = norm.group_channels();
  const double count = static_cast<double>(pixels) * static_cast<double>(each);
  for (size_t group = 0; group < norm.groups; ++group) {
    const auto visit = [&](auto&& body) {
      for (size_t p = 0; p < pixels; ++p)
        for (size_t c = group * each; c < (group + 1) * each; ++c) body(p, c);
    };
    double mean = 0, variance = 0;
    visit([&](size_t p, size_t c) { mean += in[p * in_stride + c] / count; });
    visit([&](size_t p, size_t c) { variance += std::pow(in[p * in_stride + c] - mean, 2) / count; });
    visit([&](size_t p, size_t c) {
      out[p * out_stride + c] = static_cast<float>((in[p * in_stride + c] - mean) /
                                                       std::sqrt(variance + norm.epsilon) * norm.scale[c] +
                                                   norm.shift[c]);
    });
  }
}

}  // namespace netsuke::kernels
