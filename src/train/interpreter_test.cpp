// The torch interpreter against the reference evaluation, through the module as a program uses it.
#include <gtest/gtest.h>

#include <functional>

#include "base/error.h"
#include "graph/builder.h"
#include "graph/evaluate.h"
#include "graph/shapes.h"
#include "graph/text.h"
#include "train/train.h"

namespace netsuke::train {
namespace {

int between(Random& random, int least, int most) {
  return least + static_cast<int>(random.below(static_cast<uint64_t>(most - least + 1)));
}

Pads random_pads(Random& random, Pair kernel) {
  const bool same = random.below(2) == 0;
  Pads pad{between(random, 0, kernel.h - 1), between(random, 0, kernel.w - 1), 0, 0};
  pad.bottom = same ? pad.top : between(random, 0, kernel.h - 1);
  pad.right = same ? pad.left : between(random, 0, kernel.w - 1);
  return pad;
}

Pair random_pair(Random& random, int most) { return {between(random, 1, most), between(random, 1, most)}; }

/// Grows a graph op by op, each fitting the shape that the last one left.
struct Grower {
  Builder& net;
  Random& random;
  ValueId x;

  int64_t channels() const { return net.shape(x)[1]; }
  int divisor_of_channels() {
    int groups = between(random, 1, 4);
    while (channels() % groups != 0) --groups;
    return groups;
  }
  std::string name() { return cat("v", x, "_", random.below(1'000'000)); }

  ValueId convolution() {
    Conv2d op;
    op.groups = divisor_of_channels();
    const Pair kernel = random_pair(random, 4);
    op.stride = random_pair(random, 2);
    op.dilation = random_pair(random, 2);
    op.pad = random_pads(random, {5, 5});
    return net.conv(name(), x, op.groups * between(random, 1, 3), kernel, op, random.below(2) == 0);
  }
  ValueId max_pool() {
    const Pair kernel = random_pair(random, 4);
    return net.apply(
        name(), MaxPool{kernel, random_pair(random, 3), random_pads(random, kernel), random.below(2) == 0},
        {x});
  }
  ValueId avg_pool() {
    const Pair kernel = random_pair(random, 4);
    return net.apply(name(),
                     AvgPool{kernel, random_pair(random, 3), random_pads(random, kernel),
                             random.below(2) == 0, random.below(2) == 0},
                     {x});
  }
  ValueId join(bool add) {
    const ValueId other = net.apply(name(), Relu{}, {x});
    return add ? net.apply(name(), Add{}, {x, other}) : net.apply(name(), Concat{}, {other, x, other});
  }
  ValueId norm() {
    if (random.below(3) == 0)
      return net.apply(name(), GroupNorm{divisor_of_channels(), 0.1f},
                       {x, constant({channels()}), constant({channels()})});
    if (random.below(2) == 0)
      return net.apply(name(), LayerNorm{0.1f}, {x, constant({channels()}), constant({channels()})});
    return net.apply(name(), Lrn{between(random, 1, 5), 0.7f, 0.75f, 1.5f}, {x});
  }

  ValueId constant(const Shape& shape) { return net.constant(name(), Tensor(shape)); }

  ValueId transposed_convolution() {
    const int groups = divisor_of_channels(), outputs = between(random, 1, 3);
    ConvTranspose2d op{
        random_pair(random, 2), random_pads(random, {2, 2}), random_pair(random, 2), {0, 0}, groups};
    op.output_pad = {between(random, 0, op.stride.h - 1), between(random, 0, op.stride.w - 1)};
    const ValueId weight = constant({channels(), outputs, between(random, 2, 3), between(random, 2, 3)});
    return net.apply(name(), op, {x, weight, constant({outputs * groups})});
  }
  ValueId activation() {
    const Op ops[] = {LeakyRelu{0.2f}, Sigmoid{},  Tanh{}, HardSigmoid{0.3f, .4f}, HardSwish{}, LogSoftmax{},
                      Elu{0.7f},       Softplus{}, Erf{}};
    return net.apply(name(), ops[random.below(std::size(ops))], {x});
  }
  ValueId arithmetic() {
    const Shape shapes[] = {{}, {1}, {channels(), 1, 1}, {1, channels(), 1, 1}, {1, net.shape(x)[3]}};
    const ValueId operand = constant(shapes[random.below(std::size(shapes))]);
    switch (random.below(5)) {
      case 0:
        return net.apply(name(), PRelu{}, {x, operand});
      case 1:
        return net.apply(name(), Sub{}, {operand, x});
      case 2:
        return net.apply(name(), Add{}, {x, operand});
      case 3:
        return net.apply(name(), Mul{}, {x, net.apply(name(), GlobalMaxPool{}, {x})});
      default:
        return net.apply(name(), Div{}, {x, net.apply(name(), Sigmoid{}, {x})});
    }
  }
  ValueId slice() {
    const int axis = between(random, 1, 3), size = static_cast<int>(net.shape(x)[static_cast<size_t>(axis)]);
    const int begin = between(random, 0, size - 1), step = between(random, 1, 3);
    if (random.below(2) == 0) return net.apply(name(), Slice{axis, begin, size, step}, {x});
    return net.apply(name(), Slice{axis, begin, between(random, -1, begin - 1), -step}, {x});
  }
  ValueId pad() {
    const auto side = [&](size_t axis) {
      return between(random, -1, static_cast<int>(net.shape(x)[axis]) - 1);
    };
    return net.apply(name(), Pad{{side(2), side(3), side(2), side(3)}, 0.5f, between(random, 0, 2)}, {x});
  }
  ValueId resize() {
    return net.apply(
        name(),
        Resize{random_pair(random, 12), between(random, 0, 1), between(random, 0, 3), between(random, 0, 3)},
        {x});
  }
  ValueId reorder() {
    const Shape shape = net.shape(x);
    switch (random.below(3)) {
      case 0:
        return net.apply(name(), Transpose{{{0, 3, 1, 2}}}, {x});
      case 1:
        return net.apply(name(), Reshape{{{shape[3], shape[1], shape[2]}}}, {x});
      default:
        return net.apply(name(), DepthToSpace{2, random.below(2) == 0}, {net.conv(name(), x, 4, {1, 1})});
    }
  }

  ValueId any() {
    switch (random.below(19)) {
      case 11:
        return transposed_convolution();
      case 12:
        return activation();
      case 13:
        return arithmetic();
      case 14:
        return slice();
      case 15:
        return pad();
      case 16:
        return resize();
      case 17:
        return reorder();
      case 18:
        return net.apply(name(), Concat{}, {constant({1, 2, net.shape(x)[2], net.shape(x)[3]}), x});
      case 0:
        return convolution();
      case 1:
        return max_pool();
      case 2:
        return avg_pool();
      case 3:
        return net.batch_norm(name(), x, 1e-3f);
      case 4:
        return join(true);
      case 5:
        return join(false);
      case 6:
        return norm();
      case 7:
        return net.apply(name(), ChannelShuffle{divisor_of_channels()}, {x});
      case 8:
        return net.apply(name(), Clip{-0.3f, 0.9f}, {x});
      case 9:
        return net.apply(name(), Dropout{0.5f}, {x});
      default:
        return net.apply(name(), random.below(4) == 0 ? Op(GlobalAvgPool{}) : Op(Relu{}), {x});
    }
  }
};

/// Constants away from their defaults: running variances positive, everything else around zero.
void randomise_constants(Graph& graph, Random& random) {
  for (const Parameter& parameter : parameters(graph)) {
    Tensor values(graph.values[parameter.value].weight->shape);
    for (float& v : values.data)
      v = static_cast<float>(parameter.role == "variance" ? random.uniform(0.5, 2) : 0.5 * random.normal());
    graph.values[parameter.value].weight = make_dense(std::move(values));
  }
}

Graph random_graph(uint64_t seed) {
  Random random(seed);
  Builder net("random", seed);
  const ValueId input =
      net.input("data", {between(random, 1, 8), between(random, 5, 11), between(random, 5, 11)});
  Grower grower{net, random, input};
  for (int i = between(random, 1, 5); i > 0; --i) {
    try {
      grower.x = grower.any();
    } catch (const Error&) {
      break;  // the image has become too small for that window
    }
  }
  ValueId x = net.apply("flatten", Flatten{}, {grower.x});
  x = net.linear("linear", x, 5, random.below(2) == 0);
  Graph graph = net.finish({random.below(2) ? net.apply("softmax", Softmax{}, {x}) : x});
  randomise_constants(graph, random);
  return graph;
}

Tensor random_input(const Graph& graph, int64_t batch, Random& random) {
  Shape shape = graph.values[graph.inputs[0]].shape;
  shape[0] = batch;
  Tensor input(shape);
  for (float& v : input.data) v = static_cast<float>(random.normal());
  return input;
}

void expect_like_reference(const Graph& graph, const Tensor& input) {
  const Tensor expected = evaluate(graph, {input})[0], found = module().infer(graph, input);
  ASSERT_EQ(found.shape, expected.shape);
  for (size_t i = 0; i < expected.size(); ++i)
    ASSERT_NEAR(found.data[i], expected.data[i], 1e-4 * (1 + std::abs(expected.data[i]))) << "element " << i;
}

TEST(Interpreter, EqualsTheReferenceOnRandomGraphs) {
  for (uint64_t seed = 1; seed <= 1000; ++seed) {
    const Graph graph = random_graph(seed);
    SCOPED_TRACE(cat("seed ", seed, "\n", to_text(graph, 0)));
    Random random(seed, 1);
    expect_like_reference(graph, random_input(graph, between(random, 1, 3), random));
    if (HasFatalFailure()) return;
  }
}

TEST(Interpreter, DecodesEveryEncoding) {
  Builder net("coded");
  ValueId x = net.input("data", {1, 4, 4});
  x = net.conv("conv", x, 2, {2, 2});
  x = net.linear("linear", net.apply("flatten", Flatten{}, {x}), 2);
  Graph graph = net.finish({x});
  const auto set = [&](const std::string& name, Shape shape, Encoding encoding) {
    graph.values[find_value(graph, name)].weight = make_weight(std::move(shape), std::move(encoding));
  };
  set("conv.weight", {2, 1, 2, 2}, Codebook{{-1, 0.5f, 2}, {0, 1, 2, 2, 1, 0, 0, 1}});
  set("linear.weight", {2, 18}, SparseCodebook{{3, -2}, {1, 7, 20, 35}, {0, 1, 1, 0}});
  set("linear.bias", {2}, Sparse{{1}, {4}});
  Random random(1);
  expect_like_reference(graph, random_input(graph, 2, random));
}

TEST(Interpreter, RefusesAnInputThatDoesNotFit) {
  const Graph graph = random_graph(1);
  try {
    module().infer(graph, Tensor({1, 99, 3, 3}));
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::input);
    EXPECT_NE(std::string(error.what()).find("1x99x3x3"), std::string::npos) << error.what();
  }
}

TEST(Interpreter, BinaryBlockComputesAsTheReferenceDoes) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    Random random(seed);
    Builder net("binary", seed);
    const Pair kernel = random_pair(random, 4), stride = random_pair(random, 2),
               dilation = random_pair(random, 2);
    const Pads pad = random_pads(random, kernel);
    const ValueId x = net.input("data", {5, 9, 8});
    const ValueId y = net.conv("conv", net.apply("sign", Sign{}, {x}), 6, kernel,
                               {.stride = stride, .pad = pad, .dilation = dilation}, false);
    const ValueId scale = net.apply("scale", InputScale{kernel, stride, pad, dilation}, {x});
    const Graph graph = net.finish({net.apply("scaled", Mul{}, {y, scale})});
    Tensor input({2, 5, 9, 8});
    for (float& value : input.data) value = static_cast<float>(random.normal());
    const Tensor theirs = module().infer(graph, input), ours = evaluate(graph, {input})[0];
    ASSERT_EQ(theirs.shape, ours.shape);
    for (size_t i = 0; i < ours.size(); ++i) ASSERT_NEAR(theirs.data[i], ours.data[i], 1e-4);
  }
}

}  // namespace
}  // namespace netsuke::train
