// The VGG-like net of the CIFAR-10 experiments of BinaryConnect (Courbariaux 2015, section 3.3) that BNN and
// XNOR-Net (section 4.1) took over: (2x128C3)-MP2-(2x256C3)-MP2-(2x512C3)-MP2-(2x1024FC)-10. Each layer
// computes convolution -> pool -> BatchNorm -> ReLU in the order of the release, which is also XNOR-Net's
// B-A-C-P: the next layer's BatchNorm and activation come after the pool. Layers before a BatchNorm have no
// bias, as XNOR-Net has none; the last layer has a bias and no BatchNorm, and ends in Softmax where the
// release trains with a squared hinge loss.
#include "zoo/vgg_small.h"

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "zoo/flags.h"
#include "zoo/layers.h"

namespace netsuke::zoo {
namespace {

ValueId bn_relu(Builder& net, const std::string& number, ValueId x) {
  x = net.batch_norm("bn" + number, x, 1e-4f);
  return net.apply("relu" + number, Relu{}, {x});
}

}  // namespace

const Flag vgg_small_flags[2] = {{"width", "1", "multiplies the units of all hidden layers"},
                                 {"hidden", "2", "linear layers before the last, 0 to 2"}};

Graph vgg_small(const Options& options) {
  const double width = number_flag(options, "width", 0.01, 4);
  const auto units = [&](int full) { return std::max(1, static_cast<int>(std::lround(full * width))); };
  Builder net("vgg_small", options.seed);
  ValueId x = net.input("data", *options.input);
  for (int layer = 1; layer <= 6; ++layer) {
    const std::string number = cat(layer);
    const int channels = 128 << (layer - 1) / 2;
    x = net.conv("conv" + number, x, units(channels), {3, 3}, {.pad = pad(1)}, false);
    if (layer % 2 == 0) x = net.apply("pool" + number, MaxPool{}, {x});
    x = bn_relu(net, number, x);
  }
  x = net.apply("flatten", Flatten{}, {x});
  const int hidden = integer_flag(options, "hidden", 0, 2);
  for (int layer = 7; layer < 7 + hidden; ++layer) {
    const std::string number = cat(layer);
    x = linear(net, "fc" + number, x, units(1024), false);
    x = bn_relu(net, number, x);
  }
  return finish_small(net, linear(net, cat("fc", 7 + hidden), x, *options.classes));
}

}  // namespace netsuke::zoo
