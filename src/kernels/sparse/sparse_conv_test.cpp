#include "kernels/sparse/sparse_conv.h"

#include <algorithm>
#include <cmath>

#include "kernels/test_support.h"

namespace netsuke::kernels {
namespace {

// Output length for these sizes, 0 if the window does not fit.
size_t out_size(size_t size, size_t pads, size_t kernel, size_t dilation, size_t stride) {
  const size_t extent = (kernel - 1) * dilation + 1;
  return size + pads < extent ? 0 : (size + pads - extent) / stride + 1;
}

ConvShape any_shape(Random& random) {
  ConvShape s;
  s.groups = random.below(3) == 0 ? pick(random, 2, 4) : 1;
  s.channels = s.groups * pick(random, 1, 40), s.out_channels = s.groups * pick(random, 1, 20);
  s.height = pick(random, 1, 20), s.width = pick(random, 1, 30);
  if (random.below(2)) {
    s.kernel_h = pick(random, 1, 5), s.kernel_w = pick(random, 1, 5);
    s.stride_h = pick(random, 1, 3), s.stride_w = pick(random, 1, 3);
    s.dilation_h = pick(random, 1, 2), s.dilation_w = pick(random, 1, 2);
    s.pad_top = pick(random, 0, 3), s.pad_left = pick(random, 0, 3);
  }
  s.out_height = out_size(s.height, s.pad_top + pick(random, 0, 3), s.kernel_h, s.dilation_h, s.stride_h);
  s.out_width = out_size(s.width, s.pad_left + pick(random, 0, 3), s.kernel_w, s.dilation_w, s.stride_w);
  return s.out_height && s.out_width ? s : any_shape(random);
}

// A layer in the form that the packing reads, and an image.
struct Problem {
  ConvShape shape;
  std::vector<uint32_t> positions;
  std::vector<float> values, bias, image, add;
  size_t in_stride, out_stride;
  Clamp clamp;

  explicit Problem(Random& random) : shape(any_shape(random)) {
    const double density = random.uniform(0, 1);
    for (uint32_t i = 0; i < shape.out_channels * shape.depth(); ++i)
      if (random.uniform(0, 1) < density) positions.push_back(i);
    values = random_values(random, positions.size());
    if (random.below(2)) bias = random_values(random, shape.out_channels);
    if (random.below(2)) clamp = {0, 6};
    in_stride = shape.channels + random.below(5), out_stride = shape.out_channels + random.below(5);
    image = random_values(random, shape.height * shape.width * in_stride);
    if (random.below(2)) add = random_values(random, shape.out_plane() * shape.out_channels);
  }

  ImageArguments arguments(std::vector<float>& out) const {
    return {image.data(),       in_stride, out.data(), out_stride, add.empty() ? nullptr : add.data(),
            shape.out_channels, clamp};
  }
  std::vector<float> blank() const { return std::vector<float>(shape.out_plane() * out_stride, 7); }

  // The input that the weight at a position meets at an output pixel.
  float input_at(size_t position, size_t pixel) const {
    const ConvShape& s = shape;
    const size_t output = position / s.depth(), tap = position % (s.kernel_h * s.kernel_w);
    const size_t channel = output / (s.out_channels / s.groups) * (s.channels / s.groups) +
                           position % s.depth() / (s.kernel_h * s.kernel_w);
    const size_t y = pixel / s.out_width * s.stride_h + tap / s.kernel_w * s.dilation_h - s.pad_top;
    const size_t x = pixel % s.out_width * s.stride_w + tap % s.kernel_w * s.dilation_w - s.pad_left;
    return y < s.height && x < s.width ? image[(y * s.width + x) * in_stride + channel] : 0.0f;
  }

  std::vector<float> sums_over_positions() const {
    std::vector<float> out = blank();
    for (size_t pixel = 0; pixel < shape.out_plane(); ++pixel) {
      std::vector<double> sums(shape.out_channels);
      std::copy(bias.begin(), bias.end(), sums.begin());
      for (size_t i = 0; i < positions.size(); ++i)
        sums[positions[i] / shape.depth()] += static_cast<double>(values[i]) * input_at(positions[i], pixel);
      for (size_t output = 0; output < shape.out_channels; ++output)
        out[pixel * out_stride + output] = clamp(
            static_cast<float>(sums[output]) + (add.empty() ? 0 : add[pixel * shape.out_channels + output]));
    }
    return out;
  }
};

// Blank outputs keep their sevens between the pixels' channels, which other layers own.
TEST(SparseConv, EqualsItsScalarTwinAndASumOverPositions) {
  on_every_level(120, [](Random& random) {
    const Problem p(random);
    const ConvShape& s = p.shape;
    const SparseConvWeights weights = pack_sparse_conv(s, p.positions, p.values, p.bias);
    std::vector<float> fast = p.blank(), slow = fast, scratch(sparse_conv_scratch(s), NAN);
    const size_t tiles = sparse_conv_tiles(s), middle = pick(random, 0, tiles);
    sparse_conv(s, weights, p.arguments(fast), 0, middle, scratch.data());
    sparse_conv(s, weights, p.arguments(fast), middle, tiles, scratch.data());
    sparse_conv_scalar(s, weights, p.arguments(slow));
    expect_near(fast, slow, 1e-4f);
    expect_near(slow, p.sums_over_positions(), 1e-4f);
  });
}

TEST(SparseConv, WhatIsNotANumberStaysSo) {
  on_every_level(10, [](Random& random) {
    Problem p(random);
    const ConvShape& s = p.shape;
    p.clamp = {0, 6}, p.add.clear(), p.bias.assign(s.out_channels, NAN);
    const SparseConvWeights weights = pack_sparse_conv(s, p.positions, p.values, p.bias);
    std::vector<float> out = p.blank(), scratch(sparse_conv_scratch(s));
    sparse_conv(s, weights, p.arguments(out), 0, sparse_conv_tiles(s), scratch.data());
    for (size_t pixel = 0; pixel < s.out_plane(); ++pixel)
      for (size_t c = 0; c < s.out_channels; ++c) ASSERT_TRUE(std::isnan(out[pixel * p.out_stride + c]));
  });
}

}  // namespace
}  // namespace netsuke::kernels
