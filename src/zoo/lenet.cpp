#include "zoo/lenet.h"

#include "base/text.h"
#include "zoo/flags.h"
#include "zoo/layers.h"

namespace netsuke::zoo {
namespace {

float dropout_ratio(const Options& options) {
  return static_cast<float>(number_flag(options, "dropout", 0, 0.99));
}

/// A ratio of zero leaves the node out.
ValueId dropout(Builder& net, const std::string& name, ValueId x, float ratio) {
  return ratio > 0 ? net.apply(name, Dropout{ratio}, {x}) : x;
}

Graph finish(Builder& net, ValueId scores) {
  Graph graph = net.finish({net.apply("prob", Softmax{}, {scores})});
  set_preprocess(graph, {.scale = 1.0f / 255, .mean = {}, .std = {}, .order = "gray"});
  return graph;
}

}  // namespace

const Flag lenet_flags[1] = {
    {"dropout", "0.5", "ratio of the Dropout before the last linear layers; 0 for none"}};

Graph lenet_300_100(const Options& options) {
  const float ratio = dropout_ratio(options);
  Builder net("lenet_300_100", options.seed);
  ValueId x = net.input("data", *options.input);
  x = net.apply("flatten", Flatten{}, {x});
  x = linear(net, "ip1", x, 300);
  x = net.apply("relu1", Relu{}, {x});
  x = dropout(net, "drop1", x, ratio);
  x = linear(net, "ip2", x, 100);
  x = net.apply("relu2", Relu{}, {x});
  x = dropout(net, "drop2", x, ratio);
  x = linear(net, "ip3", x, *options.classes);
  return finish(net, x);
}

const Flag mlp_flags[4] = {{"hidden", "1200", "units of each hidden layer"},
                           {"layers", "2", "hidden layers"},
                           {"dropout", "0.5", "ratio of the Dropout behind every hidden layer; 0 for none"},
                           {"input_dropout", "0.2", "ratio of the Dropout of the input; 0 for none"}};

Graph mlp(const Options& options) {
  const float ratio = dropout_ratio(options);
  const int hidden = integer_flag(options, "hidden", 1, 65536),
            layers = integer_flag(options, "layers", 1, 64);
  Builder net("mlp", options.seed);
  ValueId x = net.apply("flatten", Flatten{}, {net.input("data", *options.input)});
  x = dropout(net, "drop0", x, static_cast<float>(number_flag(options, "input_dropout", 0, 0.99)));
  for (int i = 1; i <= layers; ++i) {
    x = net.apply(cat("relu", i), Relu{}, {linear(net, cat("ip", i), x, hidden)});
    x = dropout(net, cat("drop", i), x, ratio);
  }
  return finish(net, linear(net, cat("ip", layers + 1), x, *options.classes));
}

Graph lenet_5(const Options& options) {
  const float ratio = dropout_ratio(options);
  Builder net("lenet_5", options.seed);
  ValueId x = net.input("data", *options.input);
  x = net.conv("conv1", x, 20, {5, 5});
  x = net.apply("pool1", MaxPool{}, {x});
  x = net.conv("conv2", x, 50, {5, 5});
  x = net.apply("pool2", MaxPool{}, {x});
  x = net.apply("flatten", Flatten{}, {x});
  x = linear(net, "ip1", x, 500);
  x = net.apply("relu1", Relu{}, {x});
  x = dropout(net, "drop1", x, ratio);
  x = linear(net, "ip2", x, *options.classes);
  return finish(net, x);
}

}  // namespace netsuke::zoo
