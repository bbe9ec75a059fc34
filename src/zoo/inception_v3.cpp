// Inception-v3 (Szegedy 2015, "Rethinking the Inception Architecture") as torchvision and TensorFlow's
// release have it: the paper's table 1 leaves the modules' filters open, and its 42 layers differ from the
// release in the stem. The auxiliary classifier serves training only and is left out. The last modules lower
// the resolution without padding, so images must have at least 75 pixels a side.
#include "zoo/inception_v3.h"

#include "zoo/layers.h"

namespace netsuke::zoo {
namespace {

constexpr Pair row{1, 7}, column{7, 1}, three{3, 3};

ValueId max_pool(Builder& net, const std::string& name, ValueId x) {
  return net.apply(name, MaxPool{.kernel = {3, 3}, .stride = {2, 2}}, {x});
}

// The mean of each 3x3 neighbourhood, zeros beyond the edge counted, through a 1x1 convolution.
ValueId pool_branch(Builder& net, const std::string& block, ValueId x, int channels) {
  const AvgPool mean{.kernel = {3, 3}, .stride = {1, 1}, .pad = pad(1), .count_pad = true};
  return conv_steps(net, block, net.apply(block + ".pool", mean, {x}), {{"branch_pool", channels}});
}

// Figure 5 of the paper: 35x35.
ValueId module_a(Builder& net, const std::string& block, ValueId x, int pool_channels) {
  const ValueId ones = conv_steps(net, block, x, {{"branch1x1", 64}});
  const ValueId fives = conv_steps(net, block, x, {{"branch5x5_1", 48}, {"branch5x5_2", 64, {5, 5}}});
  const ValueId threes = conv_steps(
      net, block, x, {{"branch3x3dbl_1", 64}, {"branch3x3dbl_2", 96, three}, {"branch3x3dbl_3", 96, three}});
  return net.apply(block, Concat{}, {ones, fives, threes, pool_branch(net, block, x, pool_channels)});
}

// Figure 10: from 35x35 to 17x17.
ValueId module_b(Builder& net, const std::string& block, ValueId x) {
  const ValueId single = conv_steps(net, block, x, {{"branch3x3", 384, three, 2, false}});
  const ValueId twice = conv_steps(
      net, block, x,
      {{"branch3x3dbl_1", 64}, {"branch3x3dbl_2", 96, three}, {"branch3x3dbl_3", 96, three, 2, false}});
  return net.apply(block, Concat{}, {single, twice, max_pool(net, block + ".pool", x)});
}

// Figure 6: 17x17, with `c` channels inside the factorised 7x7 convolutions.
ValueId module_c(Builder& net, const std::string& block, ValueId x, int c) {
  const ValueId ones = conv_steps(net, block, x, {{"branch1x1", 192}});
  const ValueId single =
      conv_steps(net, block, x, {{"branch7x7_1", c}, {"branch7x7_2", c, row}, {"branch7x7_3", 192, column}});
  const ValueId twice = conv_steps(net, block, x,
                                   {{"branch7x7dbl_1", c},
                                    {"branch7x7dbl_2", c, column},
                                    {"branch7x7dbl_3", c, row},
                                    {"branch7x7dbl_4", c, column},
                                    {"branch7x7dbl_5", 192, row}});
  return net.apply(block, Concat{}, {ones, single, twice, pool_branch(net, block, x, 192)});
}

// From 17x17 to 8x8.
ValueId module_d(Builder& net, const std::string& block, ValueId x) {
  const ValueId threes =
      conv_steps(net, block, x, {{"branch3x3_1", 192}, {"branch3x3_2", 320, three, 2, false}});
  const ValueId sevens = conv_steps(net, block, x,
                                    {{"branch7x7x3_1", 192},
                                     {"branch7x7x3_2", 192, row},
                                     {"branch7x7x3_3", 192, column},
                                     {"branch7x7x3_4", 192, three, 2, false}});
  return net.apply(block, Concat{}, {threes, sevens, max_pool(net, block + ".pool", x)});
}

// Figure 7: 8x8, whose 1x3 and 3x1 convolutions stand side by side.
ValueId module_e(Builder& net, const std::string& block, ValueId x) {
  const auto side_by_side = [&](const std::string& name, ValueId from) {
    const ValueId a = conv_steps(net, block, from, {{name + "a", 384, {1, 3}}});
    const ValueId b = conv_steps(net, block, from, {{name + "b", 384, {3, 1}}});
    return net.apply(block + "." + name, Concat{}, {a, b});
  };
  const ValueId ones = conv_steps(net, block, x, {{"branch1x1", 320}});
  const ValueId single = side_by_side("branch3x3_2", conv_steps(net, block, x, {{"branch3x3_1", 384}}));
  const ValueId twice = side_by_side(
      "branch3x3dbl_3", conv_steps(net, block, x, {{"branch3x3dbl_1", 448}, {"branch3x3dbl_2", 384, three}}));
  return net.apply(block, Concat{}, {ones, single, twice, pool_branch(net, block, x, 192)});
}

}  // namespace

Graph inception_v3(const Options& options) {
  Builder net("inception_v3", options.seed);
  ValueId x = net.input("data", *options.input);
  x = conv_steps(net, "", x,
                 {{"Conv2d_1a_3x3", 32, three, 2, false},
                  {"Conv2d_2a_3x3", 32, three, 1, false},
                  {"Conv2d_2b_3x3", 64, three}});
  x = max_pool(net, "maxpool1", x);
  x = conv_steps(net, "", x, {{"Conv2d_3b_1x1", 80}, {"Conv2d_4a_3x3", 192, three, 1, false}});
  x = max_pool(net, "maxpool2", x);
  x = module_a(net, "Mixed_5b", x, 32);
  x = module_a(net, "Mixed_5c", x, 64);
  x = module_a(net, "Mixed_5d", x, 64);
  x = module_b(net, "Mixed_6a", x);
  x = module_c(net, "Mixed_6b", x, 128);
  x = module_c(net, "Mixed_6c", x, 160);
  x = module_c(net, "Mixed_6d", x, 160);
  x = module_c(net, "Mixed_6e", x, 192);
  x = module_d(net, "Mixed_7a", x);
  x = module_e(net, "Mixed_7b", x);
  x = module_e(net, "Mixed_7c", x);
  return finish_imagenet(net, pooled_classifier(net, x, *options.classes, 0.5f));
}

}  // namespace netsuke::zoo
