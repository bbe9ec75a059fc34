#include "kernels/conv/conv_transpose.h"

#include <algorithm>
#include <cstdint>

namespace netsuke::kernels {
namespace {

// Along one axis: which elements of the window reach the outputs first, first + stride, ...
struct Axis {
  size_t outputs = 0;
  std::vector<size_t> elements;  // by the input that they bring to the first output, ascending
  size_t zeros = 0;              // in front of them, so that the window begins at the image's edge or before
  size_t step = 1;               // between these inputs
  size_t pad = 0;                // the first of them lies so far before the image

  size_t size() const { return zeros + elements.size(); }
};

Axis axis_of(size_t outputs, size_t first, size_t kernel, size_t stride, size_t dilation, size_t pad) {
  Axis axis;
  axis.outputs = (outputs - first + stride - 1) / stride;
  std::ptrdiff_t begin = 0, second = 0;
  for (size_t k = kernel; k-- > 0;) {
    const auto distance =
        static_cast<std::ptrdiff_t>(first + pad) - static_cast<std::ptrdiff_t>(k * dilation);
    if (distance % static_cast<std::ptrdiff_t>(stride) != 0) continue;
    axis.elements.push_back(k);
    const std::ptrdiff_t input = distance / static_cast<std::ptrdiff_t>(stride);
    if (axis.elements.size() == 1) begin = input;
    if (axis.elements.size() == 2) second = input;
  }
  if (axis.elements.size() > 1) axis.step = static_cast<size_t>(second - begin);
  // Of one element alone any step is right.
  if (axis.elements.size() == 1 && begin > 0) axis.step = static_cast<size_t>(begin);
  if (begin > 0) axis.zeros = (static_cast<size_t>(begin) + axis.step - 1) / axis.step;
  if (axis.elements.empty()) axis.zeros = 1;
  axis.pad = axis.zeros * axis.step - static_cast<size_t>(axis.elements.empty() ? 1 : begin);
  return axis;
}

Axis down_from(const ConvShape& s, size_t row) {
  return axis_of(s.out_height, row, s.kernel_h, s.stride_h, s.dilation_h, s.pad_top);
}
Axis across_from(const ConvShape& s, size_t column) {
  return axis_of(s.out_width, column, s.kernel_w, s.stride_w, s.dilation_w, s.pad_left);
}

size_t phases_down(const ConvShape& s) { return std::min(s.stride_h, s.out_height); }
size_t phases_across(const ConvShape& s) { return std::min(s.stride_w, s.out_width); }

// The weights of a phase, OIHW.
std::vector<float> phase_weights(const ConvShape& s, const float* weights, const Axis& down,
                                 const Axis& across) {
  const size_t inputs = s.channels / s.groups, outputs = s.out_channels / s.groups;
  std::vector<float> result;
  for (size_t o = 0; o < s.out_channels; ++o)
    for (size_t i = 0; i < inputs; ++i) {
      const size_t input = o / outputs * inputs + i;
      const float* window = weights + (input * outputs + o % outputs) * s.kernel_h * s.kernel_w;
      for (size_t y = 0; y < down.size(); ++y)
        for (size_t x = 0; x < across.size(); ++x)
          result.push_back(
              y < down.zeros || x < across.zeros
                  ? 0.0f
                  : window[down.elements[y - down.zeros] * s.kernel_w + across.elements[x - across.zeros]]);
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

bool conv_transpose_fits(const ConvShape& s) {
  constexpr size_t kMostPhases = 64, kMostGrowth = 32, kFewValues = size_t{1} << 20,
                   kMostScratch = size_t{1} << 24;
  if (phases_down(s) > kMostPhases || phases_across(s) > kMostPhases ||
      phases_down(s) * phases_across(s) > kMostPhases)
    return false;
  size_t rows = 0, columns = 0, tallest = 0, widest = 0;
  const auto reach = [](const Axis& axis) { return (axis.size() - 1) * axis.step + 1; };
  for (size_t y = 0; y < phases_down(s); ++y) {
    const Axis down = down_from(s, y);
    rows += down.size(), tallest = std::max(tallest, reach(down));
  }
  for (size_t x = 0; x < phases_across(s); ++x) {
    const Axis across = across_from(s, x);
    columns += across.size(), widest = std::max(widest, across.outputs + reach(across));
  }
  // In floats, since products of what a file may ask for need not fit into 64 bits.
  const auto product = [](auto... sizes) { return (static_cast<double>(sizes) * ...); };
  const size_t panels = (s.out_channels / s.groups + panel_columns() - 1) / panel_columns();
  const double weights = product(s.channels, s.out_channels / s.groups, s.kernel_h, s.kernel_w);
  return product(rows, columns, s.channels, panels * panel_columns()) <= kMostGrowth * weights + kFewValues &&
         product(tallest, widest, s.channels) <= static_cast<double>(kMostScratch);
}

TransposedConv pack_conv_transpose(const ConvShape& s, const float* weights, std::span<const float> bias) {
  TransposedConv conv{s, {}, phases_across(s)};
  for (size_t y = 0; y < phases_down(s); ++y)
    for (size_t x = 0; x < conv.phases_across; ++x) {
      const Axis down = down_from(s, y), across = across_from(s, x);
      ConvShape phase{s.channels, s.height, s.width, s.out_channels, down.outputs, across.outputs};
      phase.kernel_h = down.size(), phase.kernel_w = across.size();
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
