// ResNet-18 (He 2015) with torchvision's layer names. Shortcuts that change shape are 1x1 convolutions with
// BatchNorm (the paper's option B, which XNOR-Net uses as well).
#include "zoo/resnet18.h"

#include "base/text.h"
#include "zoo/layers.h"

namespace netsuke::zoo {
namespace {

ValueId conv_bn(Builder& net, const std::string& conv, const std::string& bn, ValueId x, int out, int kernel,
                int stride) {
  x = net.conv(conv, x, out, {kernel, kernel}, {.stride = {stride, stride}, .pad = pad(kernel / 2)}, false);
  return net.batch_norm(bn, x);
}

// The paper's figure 5, left.
ValueId basic_block(Builder& net, const std::string& name, ValueId x, int out, int stride) {
  ValueId shortcut = x;
  if (stride != 1 || net.shape(x)[1] != out)
    shortcut = conv_bn(net, name + ".downsample.0", name + ".downsample.1", x, out, 1, stride);
  x = conv_bn(net, name + ".conv1", name + ".bn1", x, out, 3, stride);
  x = net.apply(name + ".relu1", Relu{}, {x});
  x = conv_bn(net, name + ".conv2", name + ".bn2", x, out, 3, 1);
  x = net.apply(name + ".add", Add{}, {x, shortcut});
  return net.apply(name + ".relu2", Relu{}, {x});
}

}  // namespace

Graph resnet18(const Options& options) {
  Builder net("resnet18", options.seed);
  ValueId x = net.input("data", *options.input);
  x = conv_bn(net, "conv1", "bn1", x, 64, 7, 2);
  x = net.apply("relu", Relu{}, {x});
  x = net.apply("maxpool", MaxPool{.kernel = {3, 3}, .stride = {2, 2}, .pad = pad(1)}, {x});
  for (int stage = 1; stage <= 4; ++stage) {
    const int channels = 64 << (stage - 1);
    x = basic_block(net, cat("layer", stage, ".0"), x, channels, stage == 1 ? 1 : 2);
    x = basic_block(net, cat("layer", stage, ".1"), x, channels, 1);
  }
  return finish_imagenet(net, pooled_classifier(net, x, *options.classes, 0));
}

}  // namespace netsuke::zoo
