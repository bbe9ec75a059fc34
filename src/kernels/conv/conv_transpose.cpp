#include "kernels/conv/conv_transpose.h"

#include <algorithm>
#include <cstdint>

namespace netsuke::kernels {
namespace {

// Along one axis: which elements of the window reach the outputs first, first + stride, ...
struct Axis {
  static constexpr size_t kNone = SIZE_MAX;  // an element of zeros

  size_t outputs = 0;
  std::vector<size_t> elements;  // by the input that they bring to the first output, ascending
  size_t step = 1;               // between these inputs
  size_t pad = 0;                // the first of them lies so far before the image
};

Axis axis_of(size_t outputs, size_t first, size_t kernel, size_t stride, size_t dilation, size_t pad) {
  Axis axis;
  axis.outputs = (outputs - first + stride - 1) / stride;
  std::vector<std::ptrdiff_t> inputs;
  for (size_t k = kernel; k-- > 0;) {
    const auto distance =
        static_cast<std::ptrdiff_t>(first + pad) - static_cast<std::ptrdiff_t>(k * dilation);
    if (distance % static_cast<std::ptrdiff_t>(stride) != 0) continue;
    axis.elements.push_back(k);
    inputs.push_back(distance / static_cast<std::ptrdiff_t>(stride));
  }
  if (inputs.size() > 1) axis.step = static_cast<size_t>(inputs[1] - inputs[0]);
  std::ptrdiff_t begin = inputs.empty() ? 1 : inputs[0];
  // A convolution's window begins at the image's edge or before.
  for (; begin > 0; begin -= static_cast<std::ptrdiff_t>(axis.step))
    axis.elements.insert(axis.elements.begin(), Axis::kNone);
  axis.pad = static_cast<size_t>(-begin);
  return axis;
}

// The weights of a phase, OIHW.
std::vector<float> phase_weights(const ConvShape& s, const float* weights, const Axis& down,
                                 const Axis& across) {
  const size_t inputs = s.channels / s.groups, outputs = s.out_channels / s.groups;
  std::vector<float> result;
  for (size_t o = 0; o < s.out_channels; ++o)
    for (size_t i = 0; i < inputs; ++i) {
      const size_t input = o / outputs * inputs + i;
      const float* window = weights + (input * outputs + o % outputs) * s.kernel_h * s.kernel_w;
      for (const size_t ky : down.elements)
        for (const size_t kx : across.elements)
          result.push_back(ky == Axis::kNone || kx == Axis::kNone ? 0.0f : window[ky * s.kernel_w + kx]);
    }
  return result;
}

// A phase's convolution of the one row of its output.
ConvShape one_row(const TransposedConv::Phase& phase, size_t row) {
  ConvShape s = phase.shape;
  s.out_height = 1;
  s.pad_top -= row;  // wraps around where the window begins inside of the image
  return s;
}

}  // namespace

TransposedConv pack_conv_transpose(const ConvShape& s, const float* weights, std::span<const float> bias) {
  TransposedConv conv{s, {}, std::min(s.stride_w, s.out_width)};
  for (size_t y = 0; y < std::min(s.stride_h, s.out_height); ++y)
    for (size_t x = 0; x < conv.phases_across; ++x) {
      const Axis down = axis_of(s.out_height, y, s.kernel_h, s.stride_h, s.dilation_h, s.pad_top);
      const Axis across = axis_of(s.out_width, x, s.kernel_w, s.stride_w, s.dilation_w, s.pad_left);
      ConvShape phase{s.channels, s.height, s.width, s.out_channels, down.outputs, across.outputs};
      phase.kernel_h = down.elements.size(), phase.kernel_w = across.elements.size();
      phase.dilation_h = down.step, phase.dilation_w = across.step;
      phase.pad_top = down.pad, phase.pad_left = across.pad;
      phase.groups = s.groups;
      conv.phases.push_back({phase, pack_conv(phase, phase_weights(s, weights, down, across).data(), bias)});
    }
  return conv;
}

size_t conv_transpose_scratch(const TransposedConv& conv) {
  size_t most = 0;
  for (const TransposedConv::Phase& phase : conv.phases)
    most = std::max(most, conv2d_scratch(one_row(phase, 0)));
  return most;
}

void conv_transpose(const TransposedConv& conv, const ImageArguments& image, size_t first_row,
                    size_t last_row, float* scratch) {
  const ConvShape& s = conv.shape;
  for (size_t y = first_row; y < last_row; ++y)
    for (size_t x = 0; x < conv.phases_across; ++x) {
      const TransposedConv::Phase& phase = conv.phases[y % s.stride_h * conv.phases_across + x];
      const size_t pixel = y * s.out_width + x;
      ImageArguments row = image;
      row.out += pixel * image.out_stride, row.out_stride *= s.stride_w;
      if (row.add) row.add += pixel * image.add_stride, row.add_stride *= s.stride_w;
      conv2d(one_row(phase, y / s.stride_h), phase.weights, row,
             {0, phase.shape.out_width, 0, phase.weights.panels()}, scratch);
    }
}

void conv_transpose_scalar(const ConvShape& s, const float* weights, const float* bias,
                           const ImageArguments& image) {
  const size_t inputs = s.channels / s.groups, outputs = s.out_channels / s.groups;
  for (size_t pixel = 0; pixel < s.out_plane(); ++pixel)
    for (size_t o = 0; o < s.out_channels; ++o) {
      float sum = bias ? bias[o] : 0.0f;
      for (size_t ky = 0; ky < s.kernel_h; ++ky)
        for (size_t kx = 0; kx < s.kernel_w; ++kx) {
          // Unsigned wrap-around makes what lies before the image very far away.
          const size_t y = pixel / s.out_width + s.pad_top - ky * s.dilation_h,
                       x = pixel % s.out_width + s.pad_left - kx * s.dilation_w;
          if (y % s.stride_h || x % s.stride_w || y / s.stride_h >= s.height || x / s.stride_w >= s.width)
            continue;
          const float* in = image.in + (y / s.stride_h * s.width + x / s.stride_w) * image.in_stride;
          for (size_t i = o / outputs * inputs; i < (o / outputs + 1) * inputs; ++i)
            sum += in[i] * weights[((i * outputs + o % outputs) * s.kernel_h + ky) * s.kernel_w + kx];
        }
      if (image.add) sum += image.add[pixel * image.add_stride + o];
      image.out[pixel * image.out_stride + o] = image.clamp(sum);
    }
}

}  // namespace netsuke::kernels
