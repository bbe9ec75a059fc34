#include "zoo/zoo.h"

#include <algorithm>

#include "base/catalog.h"
#include "zoo/alexnet.h"
#include "zoo/googlenet.h"
#include "zoo/inception_v3.h"
#include "zoo/lenet.h"
#include "zoo/mobilenet_v1.h"
#include "zoo/nin.h"
#include "zoo/resnet18.h"
#include "zoo/shufflenet_v1.h"
#include "zoo/squeezenet.h"
#include "zoo/vgg16.h"
#include "zoo/vgg_small.h"

namespace netsuke::zoo {
namespace {

// Far above any data set's, and few enough for the widest last layer to be built.
constexpr int most_channels = 1024, most_classes = 1 << 16;

void check(const Architecture& row, const Options& options) {
  const Shape& input = *options.input;
  const bool image =
      input.size() == 3 && std::all_of(input.begin(), input.end(), [](int64_t n) { return n > 0; });
  if (!image || input[0] > most_channels)
    fail(ErrorCode::usage, row.name, ": an input of ", to_text(input), " was asked for, expected at most ",
         most_channels, " channels x height x width as in ", to_text(row.input));
  if (*options.classes < 1 || *options.classes > most_classes)
    fail(ErrorCode::usage, row.name, ": ", *options.classes, " classes were asked for, expected 1 to ",
         most_classes);
}

}  // namespace

std::span<const Architecture> architectures() {
  static const Shape digit{1, 28, 28}, tiny{3, 32, 32}, photo{3, 224, 224};
  static const Architecture rows[] = {
      {"lenet_300_100", "two hidden linear layers (LeCun 1998; Deep Compression)", digit, 10, lenet_flags,
       lenet_300_100},
      {"mlp", "hidden linear layers of one width (Hinton 2015)", digit, 10, mlp_flags, mlp},
      {"lenet_5", "Caffe's LeNet, 20-50-500-10 (Deep Compression)", digit, 10, lenet_flags, lenet_5},
      {"alexnet", "AlexNet in one tower, torchvision's", photo, 1000, {}, alexnet},
      {"alexnet_caffe",
       "AlexNet in two groups, Caffe's (Deep Compression)",
       {3, 227, 227},
       1000,
       alexnet_caffe_flags,
       alexnet_caffe},
      {"nin", "Network in Network for ImageNet", photo, 1000, {}, nin},
      {"nin_small", "Network in Network for images from 28x28", tiny, 10, {}, nin_small},
      {"vgg16", "VGG-16, configuration D (Deep Compression)", photo, 1000, {}, vgg16},
      {"vgg_small", "VGG-like net for CIFAR (BinaryConnect; XNOR-Net)", tiny, 10, vgg_small_flags, vgg_small},
      {"googlenet", "GoogLeNet, torchvision's, without auxiliary classifiers", photo, 1000, {}, googlenet},
      {"inception_v3",
       "Inception-v3 without its auxiliary classifier",
       {3, 299, 299},
       1000,
       {},
       inception_v3},
      {"resnet18", "ResNet-18 (XNOR-Net)", photo, 1000, {}, resnet18},
      {"squeezenet1_0", "SqueezeNet v1.0, with bypass and metaparameters", photo, 1000, squeezenet_flags,
       squeezenet1_0},
      {"squeezenet1_1", "SqueezeNet v1.1", photo, 1000, squeezenet_flags, squeezenet1_1},
      {"squeezenet_small", "SqueezeNet v1.1 for images from 28x28", tiny, 10, squeezenet_small_flags,
       squeezenet_small},
      {"mobilenet_v1", "MobileNet v1 of any width", photo, 1000, mobilenet_v1_flags, mobilenet_v1},
      {"mobilenet_v1_small", "MobileNet v1 for images from 28x28", tiny, 10, mobilenet_v1_small_flags,
       mobilenet_v1_small},
      {"shufflenet_v1", "ShuffleNet v1 of any groups and scale", photo, 1000, shufflenet_v1_flags,
       shufflenet_v1},
      {"shufflenet_v1_small", "ShuffleNet v1 for images from 28x28", tiny, 10, shufflenet_v1_flags,
       shufflenet_v1_small},
  };
  return rows;
}

const Architecture& find_architecture(std::string_view name) {
  std::string underscored(name);
  std::ranges::replace(underscored, '-', '_');
  return find_row(architectures(), underscored, "architecture");
}

Graph build(std::string_view name, const Options& options) {
  const Architecture& row = find_architecture(name);
  for (const auto& [flag, value] : options.flags) find_row(row.flags, flag, cat("flag of ", row.name));
  Options complete = options;
  for (const Flag& flag : row.flags) complete.flags.try_emplace(std::string(flag.name), flag.fallback);
  if (!complete.input) complete.input = row.input;
  if (!complete.classes) complete.classes = row.classes;
  check(row, complete);
  try {
    return row.build(complete);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::input) throw;
    fail(ErrorCode::input, row.name, " does not fit an input of ", to_text(*complete.input), ": ",
         error.what());
  }
}

}  // namespace netsuke::zoo
