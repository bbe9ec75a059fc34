#include "zoo/layers.h"

#include "base/error.h"

namespace netsuke::zoo {
namespace {

constexpr int64_t most_weights = int64_t{1} << 28;

Graph finish(Builder& net, ValueId scores, Preprocess preprocess) {
  Graph graph = net.finish({net.apply("prob", Softmax{}, {scores})});
  if (graph.values[graph.inputs[0]].shape[1] == 1) preprocess.order = "gray";
  set_preprocess(graph, preprocess);
  return graph;
}

}  // namespace

ValueId linear(Builder& net, const std::string& name, ValueId x, int out, bool bias) {
  const int64_t in = net.shape(x).at(1);
  require(in <= most_weights / out, "node ", name, " (linear): ", in, " inputs and ", out,
          " outputs were asked for, expected at most ", most_weights, " weights; make the input smaller");
  return net.linear(name, x, out, bias);
}

ValueId pool_to(Builder& net, ValueId x, int size) {
  const auto height = static_cast<int>(net.shape(x)[2]), width = static_cast<int>(net.shape(x)[3]);
  if (height < size || width < size || (height == size && width == size)) return x;
  const Pair stride{height / size, width / size};
  const Pair kernel{height - (size - 1) * stride.h, width - (size - 1) * stride.w};
  return net.apply("avgpool", AvgPool{.kernel = kernel, .stride = stride}, {x});
}

ValueId fc6_to_fc8(Builder& net, ValueId x, int classes) {
  x = net.apply("flatten", Flatten{}, {x});
  for (int layer : {6, 7}) {
    x = linear(net, cat("fc", layer), x, 4096);
    x = net.apply(cat("relu", layer), Relu{}, {x});
    x = net.apply(cat("drop", layer), Dropout{0.5f}, {x});
  }
  return linear(net, "fc8", x, classes);
}

ValueId conv_steps(Builder& net, const std::string& block, ValueId x, std::initializer_list<ConvStep> steps) {
  for (const ConvStep& step : steps) {
    const std::string name = block.empty() ? std::string(step.name) : cat(block, '.', step.name);
    Conv2d op{.stride = {step.stride, step.stride}};
    const int rows = step.kernel.h / 2, columns = step.kernel.w / 2;
    if (step.padded) op.pad = {rows, columns, rows, columns};
    x = net.conv(name + ".conv", x, step.out, step.kernel, op, false);
    x = net.batch_norm(name + ".bn", x, 1e-3f);
    x = net.apply(name + ".relu", Relu{}, {x});
  }
  return x;
}

ValueId pooled_classifier(Builder& net, ValueId x, int classes, float dropout) {
  x = net.apply("avgpool", GlobalAvgPool{}, {x});
  x = net.apply("flatten", Flatten{}, {x});
  if (dropout > 0) x = net.apply("dropout", Dropout{dropout}, {x});
  return linear(net, "fc", x, classes);
}

Graph finish_imagenet(Builder& net, ValueId scores) {
  const bool color = net.shape(0).at(1) == 3;  // value 0 is the input
  Preprocess preprocess{.mean = {0.485f, 0.456f, 0.406f}, .std = {0.229f, 0.224f, 0.225f}};
  if (!color) preprocess.mean = {0.449f}, preprocess.std = {0.226f};
  return finish(net, scores, preprocess);
}

Graph finish_small(Builder& net, ValueId scores) {
  return finish(net, scores, {.mean = {0.5f}, .std = {0.25f}});
}

}  // namespace netsuke::zoo
