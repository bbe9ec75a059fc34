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
    if (random_.below(3) == 0) x_ = apply(Softmax{}, {x_});
    if (random_.below(6) == 0) x_ = apply(LogSoftmax{}, {x_});
    return with_random_vectors(builder_.finish({x_}));
  }

 private:
  // The builder's biases are zero and its statistics trivial: nothing would notice if they were not used.
  Graph with_random_vectors(Graph graph) {
    for (const Parameter& parameter : parameters(graph)) {
      const Node& node = graph.nodes[parameter.node];
      if (parameter.role == "weight" && !std::holds_alternative<ConvTranspose2d>(node.op)) continue;
      WeightPtr& weight = graph.values[parameter.value].weight;
      Tensor values(weight->shape);
      const bool divides = std::holds_alternative<Div>(node.op);
      const double least = divides || parameter.role == "variance" ? 0.5 : -1;
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
    switch (random_.below(22)) {
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
      case 11:
        if (coin())
          x_ = apply(GroupNorm{divisor_of_channels(), 0.1f}, {x_, vector(), vector()});
        else
          x_ = coin() ? apply(Lrn{}, {x_}) : apply(LayerNorm{0.1f}, {x_, vector(), vector()});
        return;
      case 12:
      case 13:
        return add_activation();
      case 14:
      case 15:
        return add_arithmetic();
      case 16:
        return add_gate();
      case 17:
        return add_slice();
      case 18:
        return add_pad();
      case 19:
        return add_reordering();
      case 20:
        x_ = apply(Resize{{small(12), small(12)}, small(2) - 1, small(4) - 1, small(4) - 1}, {x_});
        return;
      default:
        return add_transposed_conv();
    }
  }

  void add_activation() {
    const Op ops[] = {LeakyRelu{0.25f}, Sigmoid{},  Tanh{}, HardSigmoid{0.3f, 0.4f}, HardSwish{}, PRelu{},
                      Elu{0.7f},        Softplus{}, Erf{}};
    const Op& op = ops[random_.below(std::size(ops))];
    if (std::holds_alternative<PRelu>(op))
      x_ = apply(op, {x_, operand()});
    else
      x_ = apply(op, {x_});
  }

  // One number a channel.
  ValueId vector() { return builder_.constant(name(), Tensor({builder_.shape(x_)[1]})); }

  // A constant that broadcasts to x: any of its dimensions may be 1, and the first ones may be missing.
  ValueId operand() {
    Shape shape = builder_.shape(x_);
    shape[0] = 1;
    for (int64_t& dim : shape)
      if (coin()) dim = 1;
    shape.erase(shape.begin(), shape.begin() + pick(0, 4));
    return builder_.constant(name(), Tensor(shape));
  }

  void add_arithmetic() {
    const Op ops[] = {Add{}, Sub{}, Mul{}};
    const Op& op = ops[random_.below(std::size(ops))];
    const int64_t kind = pick(0, 3);
    if (kind == 0) x_ = apply(op, {operand(), x_});
    if (kind == 1) x_ = apply(op, {x_, operand()});
    if (kind == 2) x_ = apply(op, {x_, apply(Tanh{}, {x_})});
    if (kind == 3) x_ = apply(Div{}, {x_, operand()});
  }

  // Squeeze and excitation, with either pool.
  void add_gate() {
    const ValueId squeezed = coin() ? apply(GlobalAvgPool{}, {x_}) : apply(GlobalMaxPool{}, {x_});
    const ValueId gate = apply(HardSigmoid{}, {squeezed});
    x_ = coin() ? apply(Mul{}, {x_, gate}) : apply(Mul{}, {gate, x_});
  }

  void add_slice() {
    const size_t axis = static_cast<size_t>(pick(1, 3));
    const int last = static_cast<int>(dim(axis)) - 1, begin = small(last + 1) - 1;
    if (coin())
      x_ = apply(Slice{static_cast<int>(axis), begin, last + 1, small(2)}, {x_});
    else
      x_ = apply(Slice{static_cast<int>(axis), begin, -1, -small(2)}, {x_});
  }

  void add_pad() {
    const int h = static_cast<int>(dim(2)), w = static_cast<int>(dim(3));
    const auto side = [&](int size) {
      return static_cast<int>(pick(-((size - 1) / 2), std::min(size - 1, 3)));
    };
    x_ = apply(Pad{{side(h), side(w), side(h), side(w)}, 0.5f, small(3) - 1}, {x_});
  }

  void add_reordering() {
    const int64_t kind = pick(0, 2);
    if (kind == 0) {
      Dims perm{{0, 1, 2, 3}};
      for (size_t i = 3; i > 1; --i)
        std::swap(perm.values[i], perm.values[static_cast<size_t>(pick(1, static_cast<int64_t>(i)))]);
      x_ = apply(Transpose{perm}, {x_});
    } else if (kind == 1) {
      x_ = apply(Reshape{{{dim(2), dim(1), dim(3)}}}, {x_});
    } else {
      x_ = builder_.conv(name(), x_, 4 * small(2), {1, 1});
      x_ = apply(DepthToSpace{2, coin()}, {x_});
    }
  }

  void add_transposed_conv() {
    const int groups = divisor_of_channels(), outputs = small(3);
    const Pair kernel{small(3), small(3)};
    ConvTranspose2d op{{small(2), small(2)}, {}, {1, small(2)}, {0, 0}, groups};
    op.output_pad = {small(op.stride.h) - 1, 0};
    if (dim(2) > 2 && dim(3) > 2) op.pad = {small(2) - 1, small(2) - 1, small(2) - 1, small(2) - 1};
    const ValueId weight = builder_.constant(name(), Tensor({dim(1), outputs, kernel.h, kernel.w}));
    const ValueId bias = builder_.constant(name(), Tensor({outputs * groups}));
    x_ = apply(op, {x_, weight, bias});
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
    const int64_t joining = pick(0, 2);
    if (joining == 0) x_ = apply(Add{}, {left, right});
    if (joining == 1) x_ = apply(Concat{}, {left, right, fork});
    if (joining == 2) {
      const ValueId constant = builder_.constant(name(), Tensor({1, small(3), dim(2), dim(3)}));
      x_ = apply(Concat{}, {constant, left});
    }
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
