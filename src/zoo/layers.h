// What several architectures build from.
#pragma once

#include <initializer_list>
#include <string>

#include "graph/builder.h"
#include "graph/preprocess.h"

namespace netsuke::zoo {

/// The same padding on all four sides.
constexpr Pads pad(int size) { return {size, size, size, size}; }

/// A linear layer. Throws Error(input) where it would have more than 2^28 weights (1 GiB): the layers before
/// it leave a map as large as their input allows.
ValueId linear(Builder& net, const std::string& name, ValueId x, int out, bool bias = true);

/// Brings a map larger than `size` x `size` to that by average pooling: node avgpool. All windows are of one
/// size, where torchvision's adaptive pooling has some that are longer; a multiple of `size` gives the same.
/// A map that is not larger stays as it is.
ValueId pool_to(Builder& net, ValueId x, int size);

/// AlexNet's and VGG's end: fc6, fc7 (4096 units, ReLU, Dropout 0.5 after each) and fc8.
ValueId fc6_to_fc8(Builder& net, ValueId x, int classes);

/// A convolution of the Inception nets: `out` channels, zero-padded to keep the size unless `padded` is
/// false.
struct ConvStep {
  std::string_view name;
  int out;
  Pair kernel{1, 1};
  int stride = 1;
  bool padded = true;
};

/// Steps in a row, each convolution -> BatchNorm -> ReLU as torchvision's BasicConv2d has them (no bias,
/// epsilon 1e-3), named `block`.`step`.conv, .bn and .relu; without a block `step`.conv, ...
ValueId conv_steps(Builder& net, const std::string& block, ValueId x, std::initializer_list<ConvStep> steps);

/// The end of a net whose last layers leave pixels: their mean, flattened, in `dropout`, to a linear layer.
/// Nodes avgpool, flatten, dropout and fc; a ratio of zero leaves Dropout out.
ValueId pooled_classifier(Builder& net, ValueId x, int classes, float dropout);

/// Softmax "prob" over the scores, and torchvision's preprocessing of ImageNet: mean (0.485, 0.456, 0.406)
/// and standard deviation (0.229, 0.224, 0.225) of pixels in [0, 1]; their averages for a gray image.
Graph finish_imagenet(Builder& net, ValueId scores);

/// Softmax "prob" over the scores, and pixels brought to [-2, 2]: near enough to the mean and deviation of
/// MNIST's, Fashion-MNIST's and CIFAR's pixels for one rule to serve all.
Graph finish_small(Builder& net, ValueId scores);

}  // namespace netsuke::zoo
