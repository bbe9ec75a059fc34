// MobileNet v1 (Howard 2017), table 1, with the layer names of the authors' TensorFlow release. The table
// prints stride 2 for the last depthwise convolution though its map stays 7x7; like the release we take
// stride 1, which gives the paper's 569M. Activations are the paper's ReLU (the release: ReLU6), channels are
// floor(alpha * channels) and at least 8 as in the release, and padding is symmetric (TensorFlow's "SAME"
// pads only below and to the right at stride 2; sizes are equal).
// `mobilenet_v1_small` is for images of 28 to 64 pixels: the first convolution keeps the resolution, so that
// 2x2 is left of 32x32.
#include "zoo/mobilenet_v1.h"

#include <algorithm>

#include "base/text.h"
#include "zoo/flags.h"
#include "zoo/layers.h"

namespace netsuke::zoo {
namespace {

struct Block {
  int channels;
  int stride;
};
constexpr Block body[] = {{64, 1},  {128, 2}, {128, 1}, {256, 2}, {256, 1},  {512, 2}, {512, 1},
                          {512, 1}, {512, 1}, {512, 1}, {512, 1}, {1024, 2}, {1024, 1}};
// Table 5 leaves out the five blocks of 14x14x512.
constexpr size_t first_deep = 6, last_deep = 10;
constexpr size_t first_halving = 1;

ValueId bn_relu(Builder& net, const std::string& name, ValueId x) {
  x = net.batch_norm(name + "/BatchNorm", x, 1e-3f);
  return net.apply(name + "/Relu", Relu{}, {x});
}

ValueId conv3x3(Builder& net, const std::string& name, ValueId x, int out, int stride) {
  x = net.conv(name, x, out, {3, 3}, {.stride = {stride, stride}, .pad = pad(1)}, false);
  return bn_relu(net, name, x);
}

// Figure 3, right.
ValueId separable(Builder& net, const std::string& name, ValueId x, int out, int stride) {
  const int in = static_cast<int>(net.shape(x)[1]);
  const Conv2d depthwise{.stride = {stride, stride}, .pad = pad(1), .groups = in};
  x = net.conv(name + "_depthwise", x, in, {3, 3}, depthwise, false);
  x = bn_relu(net, name + "_depthwise", x);
  x = net.conv(name + "_pointwise", x, out, {1, 1}, {}, false);
  return bn_relu(net, name + "_pointwise", x);
}

struct Strides {
  int stem;             ///< of the first convolution
  int first_separable;  ///< of the first separable one that halves the resolution
};

ValueId scores(Builder& net, const Options& options, const Strides& strides) {
  static constexpr std::string_view kinds[] = {"separable", "plain"};
  const double alpha = number_flag(options, "alpha", 0.01, 4);
  const bool plain = choice_flag(options, "convolution", kinds) == 1;
  const bool shallow = switch_flag(options, "shallow");
  const auto scaled = [&](int channels) { return std::max(8, static_cast<int>(channels * alpha)); };

  ValueId x = net.input("data", *options.input);
  x = conv3x3(net, "Conv2d_0", x, scaled(32), strides.stem);
  int number = 0;
  for (size_t i = 0; i < std::size(body); ++i) {
    if (shallow && i >= first_deep && i <= last_deep) continue;
    const std::string name = cat("Conv2d_", ++number);
    const int out = scaled(body[i].channels);
    const int stride = i == first_halving ? strides.first_separable : body[i].stride;
    x = plain ? conv3x3(net, name, x, out, stride) : separable(net, name, x, out, stride);
  }
  return pooled_classifier(net, x, *options.classes, 0);
}

}  // namespace

constexpr Flag mobilenet_v1_flags[3] = {
    {"alpha", "1", "width multiplier of all channels (the paper: 1, 0.75, 0.5, 0.25)"},
    {"convolution", "separable", "separable, or plain for full 3x3 convolutions (table 4)"},
    {"shallow", "no", "yes to leave out the five blocks of 14x14x512 (table 5)"}};
constexpr std::array<Flag, 4> mobilenet_v1_small_flags =
    flags_and(mobilenet_v1_flags,
              {"keep-resolution", "no", "yes to leave out the first halving: about four times the work"});

Graph mobilenet_v1(const Options& options) {
  Builder net("mobilenet_v1", options.seed);
  return finish_imagenet(net, scores(net, options, {2, 2}));
}

Graph mobilenet_v1_small(const Options& options) {
  Builder net("mobilenet_v1_small", options.seed);
  return finish_small(net, scores(net, options, {1, switch_flag(options, "keep-resolution") ? 1 : 2}));
}

}  // namespace netsuke::zoo
