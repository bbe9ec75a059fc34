// Which kernel computes a convolution or a linear layer.
#include "runtime/lower.h"

namespace netsuke::runtime {
namespace {

size_t size(int64_t n) { return static_cast<size_t>(n); }

// A stride is never taken if there is one output only; it may then be any number.
size_t stride_of(int stride, int64_t outputs) { return outputs == 1 ? 1 : static_cast<size_t>(stride); }

kernels::ConvShape conv_shape(const Conv2d& op, const Shape& x, const Shape& w, const Shape& y) {
  kernels::ConvShape s;
  s.channels = size(x[1]), s.height = size(x[2]), s.width = size(x[3]);
  s.out_channels = size(y[1]), s.out_height = size(y[2]), s.out_width = size(y[3]);
  s.kernel_h = size(w[2]), s.kernel_w = size(w[3]);
  s.stride_h = stride_of(op.stride.h, y[2]), s.stride_w = stride_of(op.stride.w, y[3]);
  s.dilation_h = stride_of(op.dilation.h, w[2]), s.dilation_w = stride_of(op.dilation.w, w[3]);
  s.pad_top = size(op.pad.top), s.pad_left = size(op.pad.left);
  s.groups = size(op.groups);
  return s;
}

std::span<const float> span_of(const Values& values) {
  return values ? std::span<const float>(*values) : std::span<const float>();
}

// Outputs a Winograd tile has on each side, or 0 where the direct convolution is faster. Larger tiles save
// more multiplications, but read (m + 2)^2 / 9 times as many weights, which few tiles have to pay for.
size_t winograd_tile(const kernels::ConvShape& s) {
  if (!kernels::winograd_fits(s)) return 0;
  constexpr size_t kLeastTiles = 12;
  for (size_t m : {4, 2})
    if (kernels::winograd_tiles(s, m) >= kLeastTiles) return m;
  return 0;
}

}  // namespace

Lowered lower_conv(const Conv2d& op, const Site& site) {
  const kernels::ConvShape s = conv_shape(op, site.input(), site.input(1), site.output());
  const Values weights = site.constant(1), bias = site.constant(2);
  if (s.is_depthwise())
    return {"depthwise",
            DepthwiseStep{s, kernels::pack_depthwise(weights->data(), bias ? bias->data() : nullptr,
                                                     s.channels, s.kernel_h, s.kernel_w)},
            Layout::pixels, 0};
  if (const size_t m = winograd_tile(s)) {
    const char* names[] = {"", "", "winograd_2", "", "winograd_4", "", "winograd_6"};
    return {names[m], WinogradStep{s, kernels::pack_winograd(s, weights->data(), span_of(bias), m)},
            Layout::pixels, kernels::winograd_scratch(s, m)};
  }
  check_scratch(site, {site.input()[1], static_cast<int64_t>(s.padded_height()),
                       static_cast<int64_t>(s.padded_width())});
  return {s.is_pointwise() ? "conv_1x1" : "conv",
          ConvolutionStep{s, kernels::pack_conv(s, weights->data(), span_of(bias))}, Layout::pixels,
          kernels::conv2d_scratch(s)};
}

Lowered lower_linear(const Site& site) {
  const Shape& w = site.input(1);
  const Values weights = site.constant(1), bias = site.constant(2);
  return {"linear", LinearStep{kernels::pack_panels(weights->data(), size(w[0]), size(w[1]), span_of(bias))},
          Layout::planes, 0};
}

}  // namespace netsuke::runtime
