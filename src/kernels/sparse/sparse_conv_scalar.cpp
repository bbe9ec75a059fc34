#include <algorithm>

#include "kernels/sparse/sparse_conv.h"

namespace netsuke::kernels {
namespace {

// The input under row `row` of the matrix at an output pixel, zero outside of the image. Unsigned wrap-around
// makes a position left of or above the image a very large one.
float input_at(const ConvShape& s, const float* in, size_t in_stride, size_t group, size_t row,
               size_t pixel) {
  const size_t group_channels = s.channels / s.groups;
  const size_t tap = row / group_channels, channel = group * group_channels + row % group_channels;
  const size_t y = pixel / s.out_width * s.stride_h + tap / s.kernel_w * s.dilation_h - s.pad_top;
  const size_t x = pixel % s.out_width * s.stride_w + tap % s.kernel_w * s.dilation_w - s.pad_left;
  return y < s.height && x < s.width ? in[(y * s.width + x) * in_stride + channel] : 0.0f;
}

}  // namespace

void sparse_conv_scalar(const ConvShape& shape, const SparseConvWeights& weights,
                        const ImageArguments& image) {
  const size_t outputs = shape.out_channels / shape.groups;
  std::vector<float> sums(shape.out_channels);
  for (size_t pixel = 0; pixel < shape.out_plane(); ++pixel) {
    std::copy(weights.bias.begin(), weights.bias.end(), sums.begin());
    for (size_t list = 0; list < weights.outputs.size(); ++list) {
      const size_t group = list / (weights.blocks * outputs), block = list / outputs % weights.blocks;
      float& sum = sums[group * outputs + weights.outputs[list]];
      for (size_t i = weights.starts[list]; i < weights.starts[list + 1]; ++i)
        sum += weights.values[i] * input_at(shape, image.in, image.in_stride, group,
                                            block * kSparseBlockRows + weights.rows[i], pixel);
    }
    for (size_t output = 0; output < shape.out_channels; ++output) {
      const float add = image.add ? image.add[pixel * image.add_stride + output] : 0.0f;
      image.out[pixel * image.out_stride + output] = image.clamp(sums[output] + add);
    }
  }
}

}  // namespace netsuke::kernels
