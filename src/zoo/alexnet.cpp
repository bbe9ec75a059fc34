// AlexNet (Krizhevsky, Sutskever, Hinton 2012) in its two living forms. torchvision's follows "One weird
// trick" (Krizhevsky 2014). Caffe's differs from the 2012 paper where the release does: images of 227 pixels
// (the paper prints 224, which does not fit its own maps), k = 1 in the normalisation (the paper: 2),
// and pools that round up.
// Larger images' maps are brought to 6x6 by average pooling, as in torchvision.
#include "zoo/alexnet.h"

#include "base/text.h"
#include "zoo/flags.h"
#include "zoo/layers.h"

namespace netsuke::zoo {
namespace {

ValueId conv_relu(Builder& net, int layer, ValueId x, int out, int kernel, Conv2d op) {
  x = net.conv(cat("conv", layer), x, out, {kernel, kernel}, op);
  return net.apply(cat("relu", layer), Relu{}, {x});
}

ValueId max_pool(Builder& net, int layer, ValueId x, bool ceil) {
  return net.apply(cat("pool", layer), MaxPool{.kernel = {3, 3}, .stride = {2, 2}, .ceil = ceil}, {x});
}

ValueId normalise(Builder& net, int layer, ValueId x) {
  return net.apply(cat("norm", layer), Lrn{.size = 5, .alpha = 1e-4f, .beta = 0.75f, .k = 1}, {x});
}

}  // namespace

Graph alexnet(const Options& options) {
  Builder net("alexnet", options.seed);
  ValueId x = net.input("data", *options.input);
  x = conv_relu(net, 1, x, 64, 11, {.stride = {4, 4}, .pad = pad(2)});
  x = max_pool(net, 1, x, false);
  x = conv_relu(net, 2, x, 192, 5, {.pad = pad(2)});
  x = max_pool(net, 2, x, false);
  x = conv_relu(net, 3, x, 384, 3, {.pad = pad(1)});
  x = conv_relu(net, 4, x, 256, 3, {.pad = pad(1)});
  x = conv_relu(net, 5, x, 256, 3, {.pad = pad(1)});
  x = pool_to(net, max_pool(net, 5, x, false), 6);
  x = net.apply("flatten", Flatten{}, {x});
  // Unlike Caffe's, torchvision's Dropout comes before the layers it regularises.
  for (int layer : {6, 7}) {
    x = net.apply(cat("drop", layer), Dropout{0.5f}, {x});
    x = linear(net, cat("fc", layer), x, 4096);
    x = net.apply(cat("relu", layer), Relu{}, {x});
  }
  return finish_imagenet(net, linear(net, "fc8", x, *options.classes));
}

const Flag alexnet_caffe_flags[1] = {{"groups", "2", "groups of conv2, conv4 and conv5: 2, or 1 for none"}};

Graph alexnet_caffe(const Options& options) {
  const int groups = integer_flag(options, "groups", 1, 2);
  Builder net("alexnet_caffe", options.seed);
  ValueId x = net.input("data", *options.input);
  x = conv_relu(net, 1, x, 96, 11, {.stride = {4, 4}});
  x = normalise(net, 1, x);
  x = max_pool(net, 1, x, true);
  x = conv_relu(net, 2, x, 256, 5, {.pad = pad(2), .groups = groups});
  x = normalise(net, 2, x);
  x = max_pool(net, 2, x, true);
  x = conv_relu(net, 3, x, 384, 3, {.pad = pad(1)});
  x = conv_relu(net, 4, x, 384, 3, {.pad = pad(1), .groups = groups});
  x = conv_relu(net, 5, x, 256, 3, {.pad = pad(1), .groups = groups});
  x = pool_to(net, max_pool(net, 5, x, true), 6);
  return finish_imagenet(net, fc6_to_fc8(net, x, *options.classes));
}

}  // namespace netsuke::zoo
