#include "train/convolution.h"

#include <torch/csrc/autograd/custom_function.h>

#include "kernels/cpu.h"
#include "kernels/training/filter_gradient.h"
#include "kernels/training/winograd_gradient.h"
#include "train/tensors.h"

namespace netsuke::train {
namespace {

using at::Tensor;
using kernels::AlignedFloats;
using kernels::ConvShape;
using kernels::ImageArguments;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr size_t kWinograd = 4;  // F(4, 3): 8x8 and 16x16 maps are whole tiles, and errors stay small

size_t size_of(const Tensor& x, int64_t axis) { return static_cast<size_t>(x.size(axis)); }
size_t as_size(int64_t x) { return static_cast<size_t>(x); }

/// Of a convolution with stride and dilation 1.
ConvShape shape_of(const Tensor& x, const Tensor& w, int64_t out_height, int64_t out_width, int64_t pad_top,
                   int64_t pad_left) {
  ConvShape s;
  s.channels = size_of(x, 1), s.height = size_of(x, 2), s.width = size_of(x, 3);
  s.out_channels = size_of(w, 0), s.out_height = as_size(out_height), s.out_width = as_size(out_width);
  s.kernel_h = size_of(w, 2), s.kernel_w = size_of(w, 3);
  s.pad_top = as_size(pad_top), s.pad_left = as_size(pad_left);
  s.groups = s.channels / size_of(w, 1);
  return s;
}

ConvShape shape_of(const Conv2d& op, const Tensor& x, const Tensor& w) {
  return shape_of(x, w, x.size(2) + op.pad.top + op.pad.bottom - w.size(2) + 1,
                  x.size(3) + op.pad.left + op.pad.right - w.size(3) + 1, op.pad.top, op.pad.left);
}

/// What makes the gradient of the result into that of the input: the window is turned round, and the result's
/// border is padding.
ConvShape turned(const ConvShape& s) {
  ConvShape back = s;
  std::swap(back.channels, back.out_channels);
  std::swap(back.height, back.out_height);
  std::swap(back.width, back.out_width);
  back.pad_top = s.kernel_h - 1 - s.pad_top, back.pad_left = s.kernel_w - 1 - s.pad_left;
  return back;
}

/// Both ways round.
bool has_winograd(const ConvShape& s) {
  return kernels::winograd_fits(s, kWinograd) && s.pad_top < s.kernel_h && s.pad_left < s.kernel_w &&
         kernels::winograd_fits(turned(s), kWinograd);
}

bool is_grouped_pointwise(const ConvShape& s) {
  return s.groups > 1 && !s.is_depthwise() && s.is_pointwise() && s.pad_top == 0 && s.pad_left == 0 &&
         s.out_height == s.height && s.out_width == s.width;
}

/// A batch of images and what becomes of them, both with channels last.
struct Images {
  const float* in;
  float* out;
  size_t count;

  ImageArguments arguments(const ConvShape& s) const { return {in, s.channels, out, s.out_channels}; }
};

/// work(first, last) of parts of `count`, on all threads; none is shared further than `least`.
template <class Work>
void share(size_t count, size_t least, const Work& work) {
  at::parallel_for(0, static_cast<int64_t>(count), static_cast<int64_t>(least),
                   [&](int64_t first, int64_t last) { work(as_size(first), as_size(last)); });
}

void run_winograd(const ConvShape& s, const float* weights, std::span<const float> bias,
                  const Images& images) {
  constexpr size_t kLeastTiles = 48;  // that make products with rows enough
  kernels::WinogradWeights packed = kernels::blank_winograd(s, bias, kWinograd);
  share(packed.panels(), 1,
        [&](size_t first, size_t last) { kernels::fill_winograd(s, weights, first, last, packed); });
  const size_t tiles = images.count * kernels::winograd_tiles(s, kWinograd);
  share(tiles, kLeastTiles, [&](size_t first, size_t last) {
    AlignedFloats scratch(kernels::winograd_scratch(s, kWinograd, last - first));
    kernels::winograd(s, packed, images.arguments(s), {first, last, 0, packed.panels()}, scratch.data());
  });
}

/// A 1x1 convolution does not see where a pixel is: the batch may be one row.
void run_pointwise(ConvShape s, const float* weights, std::span<const float> bias, const Images& images) {
  s.width = s.out_width = images.count * s.out_plane();
  s.height = s.out_height = 1;
  const kernels::ConvWeights packed = kernels::pack_conv(s, weights, bias);
  share(s.out_width, kernels::kProductRows, [&](size_t first, size_t last) {
    AlignedFloats scratch(kernels::conv2d_scratch(s));
    kernels::conv2d(s, packed, images.arguments(s), {first, last, 0, packed.panels()}, scratch.data());
  });
}

void run(const ConvShape& s, const float* weights, std::span<const float> bias, const Images& images) {
  s.is_pointwise() ? run_pointwise(s, weights, bias, images) : run_winograd(s, weights, bias, images);
}

Tensor empty_images(size_t images, size_t channels, size_t height, size_t width) {
  const auto size = [](size_t n) { return static_cast<int64_t>(n); };
  return at::empty({size(images), size(channels), size(height), size(width)},
                   at::TensorOptions().memory_format(at::MemoryFormat::ChannelsLast));
}

Tensor result(const ConvShape& s, const Tensor& x, const Tensor& weight, const c10::optional<Tensor>& bias) {
  Tensor y = empty_images(size_of(x, 0), s.out_channels, s.out_height, s.out_width);
  const Tensor w = weight.contiguous(), b = bias ? bias->contiguous() : Tensor();
  const std::span<const float> biases =
      bias ? std::span<const float>(b.data_ptr<float>(), s.out_channels) : std::span<const float>();
  run(s, w.data_ptr<float>(), biases, {x.data_ptr<float>(), y.data_ptr<float>(), size_of(x, 0)});
  return y;
}

Tensor gradient_of_input(const ConvShape& s, const Tensor& dy, const Tensor& weight) {
  Tensor dx = empty_images(size_of(dy, 0), s.channels, s.height, s.width);
  const auto groups = static_cast<int64_t>(s.groups);
  const Tensor by_group =
      weight.flip({2, 3}).view({groups, -1, weight.size(1), weight.size(2), weight.size(3)});
  const Tensor w = by_group.transpose(1, 2).contiguous();
  run(turned(s), w.data_ptr<float>(), {}, {dy.data_ptr<float>(), dx.data_ptr<float>(), size_of(dy, 0)});
  return dx;
}

/// One of two ways to the gradient of the weights: how sums of so many floats grow by some images, for some
/// panels of output channels.
struct FilterGradient {
  using Add = void (*)(const ConvShape&, const float* x, const float* dy, size_t images, float* sums,
                       size_t first_panel, size_t last_panel, float* scratch);
  Add add;
  size_t sums, scratch;
  size_t least_pixels;  ///< that are worth sums of their own
};

FilterGradient filter_gradient_for(const ConvShape& s) {
  if (s.is_pointwise())
    return {kernels::pointwise_gradient, s.out_channels * s.depth(), kernels::pointwise_gradient_scratch(),
            1024};
  return {kernels::winograd_gradient, kernels::winograd_gradient_sums(s),
          kernels::winograd_gradient_scratch(s), 8192};
}

/// How threads share the gradient of the weights, always the same so that the sums are: by images, whose
/// parts have sums of their own, and by output channels.
struct Parts {
  size_t images, panels;

  Parts(const ConvShape& s, size_t count, const FilterGradient& way) {
    constexpr size_t kParts = 32, kMostFloats = size_t{1} << 24;
    const size_t worthwhile = count * s.out_plane() / way.least_pixels, fit = kMostFloats / way.sums;
    images = std::max<size_t>(1, std::min({worthwhile, fit, kParts, count}));
    panels = std::min((kParts + images - 1) / images, kernels::gradient_panels(s));
  }
};

Tensor gradient_of_weight(const ConvShape& s, const Tensor& x, const Tensor& dy) {
  const size_t images = size_of(x, 0), panels = kernels::gradient_panels(s);
  const FilterGradient way = filter_gradient_for(s);
  const Parts parts(s, images, way);
  const auto size = [](size_t n) { return static_cast<int64_t>(n); };
  const Tensor all = at::zeros({size(parts.images), size(way.sums)});
  share(parts.images * parts.panels, 1, [&](size_t first_part, size_t last_part) {
    AlignedFloats scratch(way.scratch);
    // All panels of the same images together: what both ways prepare of x is then prepared once.
    for (size_t part = first_part, next; part < last_part; part = next) {
      const size_t i = part / parts.panels;
      next = std::min(last_part, (i + 1) * parts.panels);
      const size_t first = images * i / parts.images, last = images * (i + 1) / parts.images;
      way.add(s, x.data_ptr<float>() + first * s.height * s.width * s.channels,
              dy.data_ptr<float>() + first * s.out_plane() * s.out_channels, last - first,
              all.data_ptr<float>() + i * way.sums, panels * (part - i * parts.panels) / parts.panels,
              panels * (next - i * parts.panels) / parts.panels, scratch.data());
    }
  });
  Tensor sums = parts.images == 1 ? all[0] : all.sum(0);
  if (way.add == kernels::winograd_gradient) {
    const Tensor places = sums;
    sums = at::empty({size(s.out_channels * s.depth())});
    share(s.channels, 1, [&](size_t first, size_t last) {
      kernels::winograd_gradient_weights(s, places.data_ptr<float>(), first, last, sums.data_ptr<float>());
    });
  }
  const int64_t groups = size(s.groups), outputs = size(s.out_channels);
  return sums.view({groups, size(s.kernel_h), size(s.kernel_w), size(s.channels) / groups, outputs / groups})
      .permute({0, 4, 3, 1, 2})
      .reshape({outputs, size(s.channels) / groups, size(s.kernel_h), size(s.kernel_w)});
}

struct Convolution : torch::autograd::Function<Convolution> {
  static Tensor forward(AutogradContext* context, const Tensor& given, const Tensor& weight,
                        const c10::optional<Tensor>& bias, const Conv2d& op) {
    const Tensor x = channels_last(given);
    context->save_for_backward({x, weight});
    context->saved_data["has_bias"] = bias.has_value();
    context->saved_data["pad_top"] = op.pad.top;
    context->saved_data["pad_left"] = op.pad.left;
    return result(shape_of(op, x, weight), x, weight, bias);
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const Tensor &x = saved[0], &weight = saved[1], dy = channels_last(gradients[0]);
    const ConvShape s = shape_of(x, weight, dy.size(2), dy.size(3), context->saved_data["pad_top"].toInt(),
                                 context->saved_data["pad_left"].toInt());
    variable_list out(4);
    if (context->needs_input_grad(0)) out[0] = gradient_of_input(s, dy, weight);
    if (context->needs_input_grad(1)) out[1] = gradient_of_weight(s, x, dy);
    if (context->saved_data["has_bias"].toBool()) out[2] = dy.sum({0, 2, 3});
    return out;
  }
};

}  // namespace

bool has_convolution(const Conv2d& op, const Tensor& x, const Tensor& weight) {
  if (kernels::scalar_only() || x.scalar_type() != at::kFloat || x.dim() != 4 || x.numel() == 0) return false;
  if (op.stride != Pair{1, 1} || op.dilation != Pair{1, 1}) return false;
  const ConvShape s = shape_of(op, x, weight);
  return has_winograd(s) || is_grouped_pointwise(s);
}

Tensor convolution(const Conv2d& op, const Tensor& x, const Tensor& weight, const Tensor& bias) {
  return Convolution::apply(x, weight, bias.defined() ? c10::optional<Tensor>(bias) : c10::nullopt, op);
}

}  // namespace netsuke::train
