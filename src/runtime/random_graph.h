// Small random networks that use every op, for tests.
#pragma once

#include <string>

#include "graph/builder.h"

namespace netsuke::runtime {

/// Grows a network one random op at a time, with branches that meet again in add and concat.
class RandomGraph {
 public:
  explicit RandomGraph(uint64_t seed) : random_(seed), builder_("random", seed) {}

  Graph grow() {
    x_ = builder_.input("data", {pick(1, 4), pick(4, 14), pick(4, 14)});
    for (int64_t left = pick(2, 9); left > 0; --left) add_image_op();
    if (random_.below(3) == 0) x_ = apply(GlobalAvgPool{}, {x_});
    if (random_.below(3) > 0) add_classifier();
    if (random_.below(2)) x_ = apply(Softmax{}, {x_});
    return with_random_vectors(builder_.finish({x_}));
  }

 private:
  // The builder's biases are zero and its statistics trivial: nothing would notice if they were not used.
  Graph with_random_vectors(Graph graph) {
    for (const Parameter& parameter : parameters(graph)) {
      if (parameter.role == "weight") continue;
      WeightPtr& weight = graph.values[parameter.value].weight;
      Tensor values(weight->shape);
      const double least = parameter.role == "variance" ? 0.5 : -1;
      for (float& value : values.data) value = static_cast<float>(random_.uniform(least, 1.5));
      weight = make_dense(std::move(values));
    }
    return graph;
  }

  int64_t pick(int64_t least, int64_t most) {
    return least + static_cast<int64_t>(random_.below(static_cast<uint64_t>(most - least + 1)));
  }
  int small(int most) { return static_cast<int>(pick(1, most)); }
  bool coin() { return random_.below(2) == 1; }
  std::string name() { return "n" + std::to_string(++nodes_); }
  ValueId apply(Op op, std::vector<ValueId> inputs) {
    const std::string node = name();
    return builder_.apply(node, op, std::move(inputs));
  }
  int64_t dim(size_t axis) const { return builder_.shape(x_)[axis]; }
  int at_most(int most, size_t axis) { return static_cast<int>(pick(1, std::min<int64_t>(most, dim(axis)))); }

  void add_image_op() {
    switch (random_.below(12)) {
      case 0:
      case 1:
      case 2:
        return add_conv();
      case 3:
        x_ = builder_.batch_norm(name(), x_);
        return;
      case 4:
        x_ = apply(Relu{}, {x_});
        return;
      case 5:
        x_ = apply(Clip{-0.5f, 0.5f}, {x_});
        return;
      case 6:
        add_pool<MaxPool>();
        return;
      case 7:
        add_pool<AvgPool>();
        return;
      case 8:
        x_ = apply(Dropout{}, {x_});
        return;
      case 9:
        return add_branches();
      case 10:
        x_ = apply(ChannelShuffle{divisor_of_channels()}, {x_});
        return;
      default:
        x_ = apply(Lrn{}, {x_});
        return;
    }
  }

  void add_conv() {
    Conv2d op;
    op.groups = divisor_of_channels();
    op.stride = {small(2), small(2)};
    op.pad = {small(3) - 1, small(3) - 1, small(3) - 1, small(3) - 1};
    const Pair kernel{at_most(5, 2), at_most(5, 3)};
    if (kernel.h * 2 <= dim(2)) op.dilation = {small(2), 1};
    x_ = builder_.conv(name(), x_, op.groups * small(9), kernel, op, coin());
    if (coin()) x_ = apply(Relu{}, {x_});
  }

  template <class Pool>
  void add_pool() {
    Pool op;
    op.kernel = {at_most(3, 2), at_most(3, 3)};
    op.stride = {small(3), small(3)};
    op.pad = {small(op.kernel.h) - 1, small(op.kernel.w) - 1, small(op.kernel.h) - 1, small(op.kernel.w) - 1};
    op.ceil = coin();
    if constexpr (std::is_same_v<Pool, AvgPool>) op.count_pad = coin();
    x_ = apply(op, {x_});
  }

  void add_branches() {
    const ValueId fork = x_;
    const ValueId left = builder_.conv(name(), fork, static_cast<int>(dim(1)), {1, 1});
    const ValueId right = coin() ? fork : apply(Relu{}, {fork});
    x_ = coin() ? apply(Add{}, {left, right}) : apply(Concat{}, {left, right, fork});
    if (coin()) x_ = apply(Relu{}, {x_});
  }

  void add_classifier() {
    x_ = apply(Flatten{}, {x_});
    if (coin()) {
      x_ = builder_.linear(name(), x_, small(90));
      x_ = builder_.batch_norm(name(), x_);
      x_ = apply(Relu{}, {x_});
    }
    x_ = builder_.linear(name(), x_, small(20), coin());
  }

  int divisor_of_channels() {
    const int wanted = small(3);
    return dim(1) % wanted == 0 ? wanted : 1;
  }

  Random random_;
  Builder builder_;
  ValueId x_ = 0;
  int nodes_ = 0;
};

inline Graph random_graph(uint64_t seed) { return RandomGraph(seed).grow(); }

}  // namespace netsuke::runtime
