// ShuffleNet v1 (Zhang 2017), table 1 and figure 2. Follows the paper and, where it is silent, the authors'
// release: the bottleneck is a quarter of a unit's output, the first 1x1 convolution of all is not grouped,
// there is no shuffle after the last 1x1 convolution, and the shortcut's average counts padding. A scale that
// leaves channels the groups do not divide (the paper's 0.5x and 0.25x with 4 groups) rounds conv1 to a
// multiple of the groups and stage 2 to one of 4 x groups; the paper does not say how it rounded.
// `shufflenet_v1_small` is for images of 28 to 64 pixels: conv1 keeps the resolution and no pool follows, so
// that the three stages leave 4x4 of 32x32 and of 28x28.
#include "zoo/shufflenet_v1.h"

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "zoo/flags.h"
#include "zoo/layers.h"

namespace netsuke::zoo {
namespace {

constexpr std::string_view group_choices[] = {"1", "2", "3", "4", "8"};
constexpr int groups_of[] = {1, 2, 3, 4, 8};
constexpr int stage2_channels[] = {144, 200, 240, 272, 384};

struct Unit {
  std::string name;
  int out;
  int stride;
  int groups;
  int first_groups;  ///< of the first 1x1 convolution
  bool shuffle;
};

ValueId conv_bn(Builder& net, const Unit& unit, int number, ValueId x, int out, int kernel, Conv2d op) {
  x = net.conv(cat(unit.name, ".conv", number), x, out, {kernel, kernel}, op, false);
  return net.batch_norm(cat(unit.name, ".bn", number), x);
}

// Figure 2: (b) at stride 1, where the residual is added; (c) at stride 2, where it is concatenated to the
// averaged input and so has only the channels that are missing.
ValueId apply_unit(Builder& net, const Unit& unit, ValueId x) {
  const bool halves = unit.stride == 2;
  const int middle = unit.out / 4;
  const int residual_out = halves ? unit.out - static_cast<int>(net.shape(x)[1]) : unit.out;
  ValueId y = conv_bn(net, unit, 1, x, middle, 1, {.groups = unit.first_groups});
  y = net.apply(unit.name + ".relu1", Relu{}, {y});
  if (unit.shuffle && unit.groups > 1)
    y = net.apply(unit.name + ".shuffle", ChannelShuffle{unit.groups}, {y});
  y = conv_bn(net, unit, 2, y, middle, 3,
              {.stride = {unit.stride, unit.stride}, .pad = pad(1), .groups = middle});
  y = conv_bn(net, unit, 3, y, residual_out, 1, {.groups = unit.groups});
  if (halves) {
    const AvgPool mean{.kernel = {3, 3}, .stride = {2, 2}, .pad = pad(1), .count_pad = true};
    x = net.apply(unit.name + ".pool", mean, {x});
    y = net.apply(unit.name + ".concat", Concat{}, {x, y});
  } else {
    y = net.apply(unit.name + ".add", Add{}, {x, y});
  }
  return net.apply(unit.name + ".relu2", Relu{}, {y});
}

int scaled(int channels, double scale, int multiple) {
  return std::max(1, static_cast<int>(std::lround(channels * scale / multiple))) * multiple;
}

ValueId scores(Builder& net, const Options& options, bool small) {
  const size_t choice = choice_flag(options, "groups", group_choices);
  const int groups = groups_of[choice];
  const double scale = number_flag(options, "scale", 0.1, 4);
  const bool shuffle = switch_flag(options, "shuffle");

  ValueId x = net.input("data", *options.input);
  const int stem_stride = small ? 1 : 2;
  x = net.conv("conv1", x, scaled(24, scale, groups), {3, 3},
               {.stride = {stem_stride, stem_stride}, .pad = pad(1)}, false);
  x = net.batch_norm("bn1", x);
  x = net.apply("relu1", Relu{}, {x});
  if (!small) x = net.apply("maxpool", MaxPool{.kernel = {3, 3}, .stride = {2, 2}, .pad = pad(1)}, {x});
  const int channels = scaled(stage2_channels[choice], scale, 4 * groups);
  constexpr int units[] = {4, 8, 4};
  for (int stage = 2; stage <= 4; ++stage) {
    for (int i = 0; i < units[stage - 2]; ++i) {
      const bool first = stage == 2 && i == 0;
      x = apply_unit(net,
                     {cat("stage", stage, '.', i), channels << (stage - 2), i == 0 ? 2 : 1, groups,
                      first ? 1 : groups, shuffle},
                     x);
    }
  }
  return pooled_classifier(net, x, *options.classes, 0);
}

}  // namespace

const Flag shufflenet_v1_flags[3] = {
    {"groups", "3", "groups of the 1x1 convolutions: 1, 2, 3, 4 or 8"},
    {"scale", "1", "multiplies all channels (the paper: 2, 1.5, 1, 0.5, 0.25)"},
    {"shuffle", "yes", "no to leave out the channel shuffle (table 3)"}};

Graph shufflenet_v1(const Options& options) {
  Builder net("shufflenet_v1", options.seed);
  return finish_imagenet(net, scores(net, options, false));
}

Graph shufflenet_v1_small(const Options& options) {
  Builder net("shufflenet_v1_small", options.seed);
  return finish_small(net, scores(net, options, true));
}

}  // namespace netsuke::zoo
