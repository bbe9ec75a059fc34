// SqueezeNet (Iandola 2016), with the layer names of its Caffe release. Where that release and the paper
// disagree we follow the paper: conv10 has no padding (the release's training file pads it by 1, 15x15 maps
// before the mean). The paper prints 224x224 images but its maps are those of 227x227; either works.
// `squeezenet_small` is v1.1 for images of 28 to 64 pixels: conv1 keeps the resolution (stride 1, padding 1),
// so that the three pools leave 4x4 of 32x32 and 3x3 of 28x28. It has no ReLU after conv10: once that
// makes all scores zero, no gradient is left to learn from (seen on CIFAR-10 with complex bypass, as a loss
// that stays at ln 10).
#include "zoo/squeezenet.h"

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "zoo/flags.h"
#include "zoo/layers.h"

namespace netsuke::zoo {
namespace {

struct Stem {
  int channels;
  int kernel;
  int stride;
  int padding;
  std::vector<int> pools;  ///< the layers that one follows: 1 is conv1, the others Fire modules
  bool last_relu = true;   ///< after conv10
};

enum class Bypass : size_t { none, simple, complex };

// Section 5.1: Fire module i (from 0) has base + increment * floor(i / frequency) expand filters.
struct Metaparameters {
  int base;
  int increment;
  int frequency;
  double share3x3;
  double squeeze_ratio;
  Bypass bypass;
  bool batch_norm;
  bool sum_first;
};

struct Fire {
  int squeeze;
  int expand1x1;
  int expand3x3;
};

Metaparameters metaparameters(const Options& options) {
  static constexpr std::string_view bypasses[] = {"none", "simple", "complex"};
  return {.base = integer_flag(options, "base", 2, 1024),
          .increment = integer_flag(options, "increment", 0, 1024),
          .frequency = integer_flag(options, "frequency", 1, 8),
          .share3x3 = number_flag(options, "percent-3x3", 1, 99) / 100,
          .squeeze_ratio = number_flag(options, "squeeze-ratio", 0.01, 1),
          .bypass = static_cast<Bypass>(choice_flag(options, "bypass", bypasses)),
          .batch_norm = switch_flag(options, "batch-norm"),
          .sum_first = switch_flag(options, "sum-first")};
}

Fire fire_filters(const Metaparameters& m, int index) {
  const int expand = m.base + m.increment * (index / m.frequency);
  const int threes = std::clamp(static_cast<int>(std::lround(expand * m.share3x3)), 1, expand - 1);
  return {std::max(1, static_cast<int>(std::lround(expand * m.squeeze_ratio))), expand - threes, threes};
}

std::vector<int> layers_flag(const Options& options, std::string_view name) {
  std::vector<int> layers;
  for (const std::string& layer : split(options.flags.at(std::string(name)), ','))
    layers.push_back(integer_in(layer, name, 1, 9));
  return layers;
}

struct Layer {
  std::string name;
  int out;
  int kernel;
  bool batch_norm;
};

ValueId conv(Builder& net, const std::string& block, const Layer& layer, ValueId x, Conv2d op = {}) {
  const std::string name = block + layer.name;
  x = net.conv(name, x, layer.out, {layer.kernel, layer.kernel}, op, !layer.batch_norm);
  return layer.batch_norm ? net.batch_norm(name + "/bn", x) : x;
}

ValueId conv_relu(Builder& net, const std::string& block, const Layer& layer, ValueId x, Conv2d op = {}) {
  return net.apply(block + "relu_" + layer.name, Relu{}, {conv(net, block, layer, x, op)});
}

// Figure 2: a sum around the module where shapes agree; a complex bypass makes them agree by a 1x1
// convolution.
ValueId bypass(Builder& net, const std::string& block, const Metaparameters& m, ValueId from, ValueId x) {
  const int channels = static_cast<int>(net.shape(x)[1]);
  const bool same = net.shape(from)[1] == channels;
  if (m.bypass == Bypass::none || (m.bypass == Bypass::simple && !same)) return x;
  if (!same) from = conv(net, block, {"bypass", channels, 1, m.batch_norm}, from);
  return net.apply(block + "add", Add{}, {x, from});
}

ValueId fire(Builder& net, const std::string& block, ValueId x, const Fire& filters,
             const Metaparameters& m) {
  const bool bn = m.batch_norm;
  const auto expand = m.sum_first ? conv : conv_relu;
  const ValueId squeezed = conv_relu(net, block, {"squeeze1x1", filters.squeeze, 1, bn}, x, {});
  const ValueId ones = expand(net, block, {"expand1x1", filters.expand1x1, 1, bn}, squeezed, {});
  const ValueId threes =
      expand(net, block, {"expand3x3", filters.expand3x3, 3, bn}, squeezed, {.pad = pad(1)});
  const ValueId sum = bypass(net, block, m, x, net.apply(block + "concat", Concat{}, {ones, threes}));
  return m.sum_first ? net.apply(block + "relu", Relu{}, {sum}) : sum;
}

ValueId pooled(Builder& net, const Stem& stem, int layer, ValueId x) {
  if (std::ranges::find(stem.pools, layer) == stem.pools.end()) return x;
  return net.apply(cat("pool", layer), MaxPool{.kernel = {3, 3}, .stride = {2, 2}, .ceil = true}, {x});
}

ValueId scores(Builder& net, const Options& options, const Stem& stem) {
  const Metaparameters m = metaparameters(options);
  ValueId x = net.input("data", *options.input);
  x = conv_relu(net, "", {"conv1", stem.channels, stem.kernel, m.batch_norm}, x,
                {.stride = {stem.stride, stem.stride}, .pad = pad(stem.padding)});
  x = pooled(net, stem, 1, x);
  for (int layer = 2; layer <= 9; ++layer) {
    x = fire(net, cat("fire", layer, '/'), x, fire_filters(m, layer - 2), m);
    x = pooled(net, stem, layer, x);
  }
  x = net.apply("drop9", Dropout{0.5f}, {x});
  x = net.conv("conv10", x, *options.classes, {1, 1});
  if (stem.last_relu) x = net.apply("relu_conv10", Relu{}, {x});
  x = net.apply("pool10", GlobalAvgPool{}, {x});
  return net.apply("flatten", Flatten{}, {x});
}

}  // namespace

constexpr Flag squeezenet_flags[8] = {
    {"bypass", "none", "none, simple (a sum around modules of one shape) or complex (1x1 convolutions too)"},
    {"squeeze-ratio", "0.125", "squeeze filters of a Fire module, as a share of its expand filters"},
    {"base", "128", "expand filters of the first Fire module"},
    {"increment", "128", "expand filters added every `frequency` modules"},
    {"frequency", "2", "Fire modules between increments"},
    {"percent-3x3", "50", "share of expand filters that are 3x3, in percent"},
    {"batch-norm", "no", "yes for a batch norm after every convolution but the last"},
    {"sum-first", "no",
     "yes for ReLU after a bypass is added, as ResNet has it, so that modules may lower values too"}};
constexpr std::array<Flag, 9> squeezenet_small_flags = flags_and(
    squeezenet_flags, {"pools", "1,3,5", "the layers, 1 to 9, that a pool of stride 2 follows; 1 is conv1"});

Graph squeezenet1_0(const Options& options) {
  Builder net("squeezenet1_0", options.seed);
  return finish_imagenet(net, scores(net, options, {96, 7, 2, 0, {1, 4, 8}}));
}

Graph squeezenet1_1(const Options& options) {
  Builder net("squeezenet1_1", options.seed);
  return finish_imagenet(net, scores(net, options, {64, 3, 2, 0, {1, 3, 5}}));
}

Graph squeezenet_small(const Options& options) {
  Builder net("squeezenet_small", options.seed);
  return finish_small(net, scores(net, options, {64, 3, 1, 1, layers_flag(options, "pools"), false}));
}

}  // namespace netsuke::zoo
