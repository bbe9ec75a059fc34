// Network in Network (Lin, Chen, Yan 2013). The paper gives no channel counts, so both nets follow the
// authors' releases and their layer names: the Caffe model for ImageNet, and for small images (28x28, 32x32)
// the CIFAR-10 configuration, whose stem keeps the resolution and whose second pool averages. Both end in the
// mean over a map for each class; there is no linear layer.
#include "zoo/nin.h"

#include "base/text.h"
#include "zoo/layers.h"

namespace netsuke::zoo {
namespace {

ValueId conv_relu(Builder& net, const std::string& name, ValueId x, int out, int kernel, Conv2d op = {}) {
  x = net.conv(name, x, out, {kernel, kernel}, op);
  return net.apply(name + "/relu", Relu{}, {x});
}

// The mlpconv layer's two 1x1 convolutions ("cascaded cross-channel parametric pooling").
ValueId cccp(Builder& net, int first, ValueId x, int out1, int out2) {
  x = conv_relu(net, cat("cccp", first), x, out1, 1);
  return conv_relu(net, cat("cccp", first + 1), x, out2, 1);
}

ValueId max_pool(Builder& net, const std::string& name, ValueId x) {
  return net.apply(name, MaxPool{.kernel = {3, 3}, .stride = {2, 2}, .ceil = true}, {x});
}

ValueId drop(Builder& net, const std::string& name, ValueId x) { return net.apply(name, Dropout{0.5f}, {x}); }

ValueId mean_map(Builder& net, const std::string& name, ValueId x) {
  x = net.apply(name, GlobalAvgPool{}, {x});
  return net.apply("flatten", Flatten{}, {x});
}

}  // namespace

Graph nin(const Options& options) {
  Builder net("nin", options.seed);
  ValueId x = net.input("data", *options.input);
  x = conv_relu(net, "conv1", x, 96, 11, {.stride = {4, 4}});
  x = cccp(net, 1, x, 96, 96);
  x = max_pool(net, "pool1", x);
  x = conv_relu(net, "conv2", x, 256, 5, {.pad = pad(2)});
  x = cccp(net, 3, x, 256, 256);
  x = max_pool(net, "pool2", x);
  x = conv_relu(net, "conv3", x, 384, 3, {.pad = pad(1)});
  x = cccp(net, 5, x, 384, 384);
  x = max_pool(net, "pool3", x);
  x = drop(net, "drop", x);
  x = conv_relu(net, "conv4", x, 1024, 3, {.pad = pad(1)});
  x = cccp(net, 7, x, 1024, *options.classes);
  return finish_imagenet(net, mean_map(net, "pool4", x));
}

Graph nin_small(const Options& options) {
  Builder net("nin_small", options.seed);
  ValueId x = net.input("data", *options.input);
  x = conv_relu(net, "conv1", x, 192, 5, {.pad = pad(2)});
  x = cccp(net, 1, x, 160, 96);
  x = max_pool(net, "pool1", x);
  x = drop(net, "drop1", x);
  x = conv_relu(net, "conv2", x, 192, 5, {.pad = pad(2)});
  x = cccp(net, 3, x, 192, 192);
  x = net.apply("pool2", AvgPool{.kernel = {3, 3}, .stride = {2, 2}, .ceil = true}, {x});
  x = drop(net, "drop2", x);
  x = conv_relu(net, "conv3", x, 192, 3, {.pad = pad(1)});
  x = cccp(net, 5, x, 192, *options.classes);
  return finish_small(net, mean_map(net, "pool3", x));
}

}  // namespace netsuke::zoo
