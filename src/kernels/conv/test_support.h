// Random convolutions for the tests of the kernels that compute them.
#pragma once

#include <functional>

#include "kernels/conv/conv.h"
#include "kernels/test_support.h"

namespace netsuke::kernels {

/// Output length for these sizes, 0 if the window does not fit.
inline size_t conv_out_size(size_t size, size_t pads, size_t kernel, size_t dilation, size_t stride) {
  const size_t extent = (kernel - 1) * dilation + 1;
  return size + pads < extent ? 0 : (size + pads - extent) / stride + 1;
}

/// Sets the output's size from the input's and these paddings at the bottom and the right.
inline bool set_out_size(ConvShape& s, size_t pad_bottom, size_t pad_right) {
  s.out_height = conv_out_size(s.height, s.pad_top + pad_bottom, s.kernel_h, s.dilation_h, s.stride_h);
  s.out_width = conv_out_size(s.width, s.pad_left + pad_right, s.kernel_w, s.dilation_w, s.stride_w);
  return s.out_height && s.out_width;
}

inline ConvShape any_conv(Random& random) {
  ConvShape s;
  s.groups = random.below(3) == 0 ? pick(random, 2, 4) : 1;
  s.channels = s.groups * pick(random, 1, 12), s.out_channels = s.groups * pick(random, 1, 20);
  s.height = pick(random, 1, 20), s.width = pick(random, 1, 40);
  s.kernel_h = pick(random, 1, 5), s.kernel_w = pick(random, 1, 5);
  s.stride_h = pick(random, 1, 3), s.stride_w = pick(random, 1, 3);
  s.dilation_h = pick(random, 1, 2), s.dilation_w = pick(random, 1, 2);
  s.pad_top = pick(random, 0, 3), s.pad_left = pick(random, 0, 3);
  return set_out_size(s, pick(random, 0, 3), pick(random, 0, 3)) ? s : any_conv(random);
}

/// What Winograd's kernels fit: images of up to so many rows and columns, up to 16 `outputs` channels.
inline ConvShape any_3x3(Random& random, size_t most_side, size_t outputs) {
  ConvShape s;
  s.kernel_h = s.kernel_w = 3;
  s.channels = pick(random, 16, 70), s.out_channels = 16 * pick(random, 1, outputs);
  s.height = pick(random, 1, most_side), s.width = pick(random, 1, most_side);
  s.pad_top = pick(random, 0, 2), s.pad_left = pick(random, 0, 2);
  return set_out_size(s, pick(random, 0, 2), pick(random, 0, 2)) ? s : any_3x3(random, most_side, outputs);
}

/// Random weights and an image for a shape. Both images are some channels of larger ones; what lies beside
/// them must neither be read (it is NaN) nor written.
struct ConvProblem {
  ConvProblem(const ConvShape& s, Random& random) : shape(s) {
    weights = random_values(random, s.out_channels * s.depth()), bias = random_values(random, s.out_channels);
    in_stride = s.channels + random.below(3), out_stride = s.out_channels + random.below(3);
    in = random_values(random, s.height * s.width * in_stride);
    for (size_t i = 0; i < in.size(); ++i)
      if (i % in_stride >= s.channels) in[i] = NAN;
    if (random.below(2)) add = random_values(random, s.out_plane() * s.out_channels);
    if (random.below(2)) clamp = {0, 6};
    if (random.below(4) == 0) bias.clear();
  }

  /// What `with` leaves in the output, which held sevens before.
  std::vector<float> solve(const std::function<void(const ImageArguments&)>& with) const {
    std::vector<float> out(shape.out_plane() * out_stride, 7);
    with({in.data(), in_stride, out.data(), out_stride, add.empty() ? nullptr : add.data(),
          shape.out_channels, clamp});
    return out;
  }
  std::vector<float> solve_slowly() const {
    return solve([&](const ImageArguments& image) {
      conv2d_scalar(shape, weights.data(), bias.empty() ? nullptr : bias.data(), image);
    });
  }

  ConvShape shape;
  size_t in_stride = 0, out_stride = 0;
  std::vector<float> weights, bias, in, add;
  Clamp clamp;
};

}  // namespace netsuke::kernels
