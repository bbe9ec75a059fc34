// GoogLeNet (Szegedy 2014) as torchvision has it, which follows TensorFlow's release rather than the paper:
// BatchNorm instead of biases and local response normalisation, and 3x3 kernels in the branch that the paper
// calls 5x5. The two auxiliary classifiers serve training only and are left out.
#include "zoo/googlenet.h"

#include "zoo/layers.h"

namespace netsuke::zoo {
namespace {

// A row of the paper's table 1: the six numbers of filters.
struct Module {
  std::string name;
  int ones;
  int reduce3;
  int threes;
  int reduce5;
  int fives;
  int pool;
};

ValueId inception(Builder& net, ValueId x, const Module& m) {
  const ValueId branch1 = conv_steps(net, m.name, x, {{"branch1", m.ones}});
  const ValueId branch2 =
      conv_steps(net, m.name, x, {{"branch2.0", m.reduce3}, {"branch2.1", m.threes, {3, 3}}});
  const ValueId branch3 =
      conv_steps(net, m.name, x, {{"branch3.0", m.reduce5}, {"branch3.1", m.fives, {3, 3}}});
  const ValueId pooled =
      net.apply(m.name + ".branch4.0", MaxPool{.kernel = {3, 3}, .stride = {1, 1}, .pad = pad(1)}, {x});
  const ValueId branch4 = conv_steps(net, m.name, pooled, {{"branch4.1", m.pool}});
  return net.apply(m.name, Concat{}, {branch1, branch2, branch3, branch4});
}

ValueId max_pool(Builder& net, const std::string& name, ValueId x, int kernel) {
  return net.apply(name, MaxPool{.kernel = {kernel, kernel}, .stride = {2, 2}, .ceil = true}, {x});
}

}  // namespace

Graph googlenet(const Options& options) {
  Builder net("googlenet", options.seed);
  ValueId x = net.input("data", *options.input);
  x = conv_steps(net, "", x, {{"conv1", 64, {7, 7}, 2}});
  x = max_pool(net, "maxpool1", x, 3);
  x = conv_steps(net, "", x, {{"conv2", 64}, {"conv3", 192, {3, 3}}});
  x = max_pool(net, "maxpool2", x, 3);
  x = inception(net, x, {"inception3a", 64, 96, 128, 16, 32, 32});
  x = inception(net, x, {"inception3b", 128, 128, 192, 32, 96, 64});
  x = max_pool(net, "maxpool3", x, 3);
  x = inception(net, x, {"inception4a", 192, 96, 208, 16, 48, 64});
  x = inception(net, x, {"inception4b", 160, 112, 224, 24, 64, 64});
  x = inception(net, x, {"inception4c", 128, 128, 256, 24, 64, 64});
  x = inception(net, x, {"inception4d", 112, 144, 288, 32, 64, 64});
  x = inception(net, x, {"inception4e", 256, 160, 320, 32, 128, 128});
  x = max_pool(net, "maxpool4", x, 2);
  x = inception(net, x, {"inception5a", 256, 160, 320, 32, 128, 128});
  x = inception(net, x, {"inception5b", 384, 192, 384, 48, 128, 128});
  return finish_imagenet(net, pooled_classifier(net, x, *options.classes, 0.2f));
}

}  // namespace netsuke::zoo
