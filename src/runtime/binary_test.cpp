// Networks of signs in the runtime against the reference evaluation.
#include <gmock/gmock.h>

#include <cmath>

#include "base/text.h"
#include "graph/builder.h"
#include "graph/evaluate.h"
#include "graph/passes/sign_threshold.h"
#include "graph/text.h"
#include "kernels/cpu.h"
#include "runtime/session.h"

namespace netsuke::runtime {
namespace {

/// Stacks binary blocks of all kinds. The input has few values near 0: there the last bit of a sum would
/// decide about a sign.
class BinaryNet {
 public:
  explicit BinaryNet(uint64_t seed) : random_(seed), net_("binary", seed) {}

  Graph grow() {
    x_ = net_.input("data", {pick(1, 70), pick(1, 9), pick(1, 9)});
    for (int64_t blocks = pick(1, 4); blocks > 0; --blocks) add_block();
    if (coin()) {
      x_ = net_.apply(name("flatten"), Flatten{}, {x_});
      for (int64_t layers = pick(1, 2); layers > 0; --layers) add_linear();
    }
    return with_random_constants(net_.finish({x_}));
  }

 private:
  int64_t pick(int64_t least, int64_t most) {
    return least + static_cast<int64_t>(random_.below(static_cast<uint64_t>(most - least + 1)));
  }
  int small(int most) { return static_cast<int>(pick(1, most)); }
  int at_most(int most, size_t axis) { return static_cast<int>(pick(1, std::min<int64_t>(most, dim(axis)))); }
  bool coin() { return random_.below(2) == 1; }
  std::string name(const std::string& stem) { return cat(stem, ++nodes_); }
  int64_t dim(size_t axis) const { return net_.shape(x_)[axis]; }

  ValueId slope() {
    const Shape shape = net_.shape(x_).size() == 4 ? Shape{dim(1), 1, 1} : Shape{dim(1)};
    return net_.constant(name("slope"), Tensor(shape));
  }

  void finish_block(ValueId shortcut) {
    if (coin()) x_ = net_.batch_norm(name("norm"), x_);
    if (coin() && net_.shape(x_) == net_.shape(shortcut)) x_ = net_.apply(name("sum"), Add{}, {x_, shortcut});
    if (coin()) x_ = net_.apply(name("prelu"), PRelu{}, {x_, slope()});
    if (random_.below(3) == 0) x_ = net_.apply(name("clip"), Clip{-2, 2}, {x_});
  }

  void add_block() {
    const ValueId in = x_, real = coin() ? net_.batch_norm(name("norm"), x_) : x_;
    const Pair kernel{at_most(3, 2), at_most(3, 3)};
    Conv2d op{.stride = {small(2), small(2)}, .pad = {small(2), small(2), small(2), small(2)}};
    if (coin() && 2 * kernel.h <= dim(2)) op.dilation = {2, 1};
    if (random_.below(2) == 0)
      op.stride = {1, 1}, op.pad = {kernel.h / 2, kernel.w / 2, (kernel.h - 1) / 2, (kernel.w - 1) / 2},
      op.dilation = {1, 1};
    const bool scaled = random_.below(3) == 0, same = coin();
    const ValueId k =
        scaled ? net_.apply(name("scale"), InputScale{kernel, op.stride, op.pad, op.dilation}, {real}) : 0;
    const ValueId signs = net_.apply(name("sign"), Sign{}, {real});
    x_ = net_.conv(name("conv"), signs, static_cast<int>(same ? dim(1) : pick(1, 140)), kernel, op, coin());
    if (scaled) x_ = net_.apply(name("scaled"), Mul{}, {x_, k});
    finish_block(in);
    if (random_.below(4) == 0 && dim(2) > 1 && dim(3) > 1) x_ = net_.apply(name("pool"), MaxPool{}, {x_});
    if (random_.below(5) == 0) x_ = net_.conv(name("conv"), x_, small(70), {1, 1});
  }

  void add_linear() {
    const ValueId in = x_, real = coin() ? net_.batch_norm(name("norm"), x_) : x_;
    const bool scaled = coin();
    const ValueId k = scaled ? net_.apply(name("scale"), InputScale{}, {real}) : 0;
    x_ = net_.linear(name("fc"), net_.apply(name("sign"), Sign{}, {real}), small(130), coin());
    if (scaled) x_ = net_.apply(name("scaled"), Mul{}, {x_, k});
    finish_block(in);
  }

  /// Weights become signs, but for one in five, which then is a real layer of signs or real values.
  Graph with_random_constants(Graph graph) {
    for (const Parameter& parameter : parameters(graph)) {
      WeightPtr& weight = graph.values[parameter.value].weight;
      const auto draw = [&](size_t count, double least) {
        std::vector<float> values(count);
        for (float& value : values) value = static_cast<float>(random_.uniform(least, 1.5));
        return values;
      };
      const auto count = static_cast<size_t>(weight_count(*weight));
      if (parameter.role == "weight" && random_.below(5) > 0) {
        // Sums of so round numbers are exact in any order, and 0 where as many are added as subtracted.
        std::vector<float> scales = draw(static_cast<size_t>(weight->shape[0]), -0.5);
        for (float& scale : scales) scale = std::round(8 * scale) / 8;
        weight = make_weight(weight->shape, Signs{scales, sign_words(draw(count, -1.5)), {}});
      } else if (parameter.role != "weight") {
        weight = make_weight(weight->shape, Dense{draw(count, parameter.role == "variance" ? 0.5 : -1)});
      }
    }
    return graph;
  }

  Random random_;
  Builder net_;
  ValueId x_ = 0;
  int nodes_ = 0;
};

Tensor random_input(Random& random, Shape shape, int64_t batch) {
  shape[0] = batch;
  Tensor t(shape);
  for (float& value : t.data) value = static_cast<float>(random.uniform(-1, 1));
  return t;
}

/// Images of a graph and what the reference evaluation makes of them.
struct Answered {
  Tensor in, expected;
};

std::vector<Answered> answered(const Graph& graph, Random& random) {
  std::vector<Answered> all;
  for (const int64_t batch : {1, 3}) {
    Tensor in = random_input(random, graph.values[graph.inputs[0]].shape, batch);
    Tensor expected = evaluate(graph, {in})[0];
    all.push_back({std::move(in), std::move(expected)});
  }
  return all;
}

void expect_equal(Session& session, const std::vector<Answered>& batches) {
  for (const auto& [in, expected] : batches) {
    const Tensor found = session.run(in);
    ASSERT_EQ(found.shape, expected.shape);
    for (size_t i = 0; i < found.size(); ++i)
      ASSERT_NEAR(found.data[i], expected.data[i], 1e-4 * std::max(1.0f, std::abs(expected.data[i])))
          << "at " << i << " of a batch of " << in.dim(0);
  }
}

TEST(Binary, EqualsTheReferenceEvaluationOnRandomNets) {
  const std::string before = kernels::cpu_level();
  for (uint64_t seed = 0; seed < 80 && !HasFailure(); ++seed) {
    Random random(seed);
    const Graph graph = BinaryNet(seed).grow();
    SCOPED_TRACE(cat("seed ", seed, "\n", to_text(graph, 0)));
    const std::vector<Answered> batches = answered(graph, random);
    for (const std::string& level : kernels::cpu_levels()) {
      kernels::set_cpu_level(level);
      for (const Residency residency : {Residency::fastest, Residency::packed, Residency::dense}) {
        SCOPED_TRACE(cat("level ", level, ", ", residency_name(residency)));
        Session session(graph, {.threads = 1 + static_cast<int>(seed % 3)}, {.residency = residency});
        expect_equal(session, batches);
      }
    }
  }
  kernels::set_cpu_level(before);
}

std::vector<std::string> kernels_of(const Session& session) {
  std::vector<std::string> kernels;
  for (const Step& step : session.plan().steps) kernels.emplace_back(step.kernel);
  return kernels;
}

/// The weights of these layers of 64 filters become signs.
Graph with_signs(Graph graph, const std::vector<std::string>& layers) {
  for (const std::string& layer : layers) {
    WeightPtr& weight = graph.values[find_value(graph, layer + ".weight")].weight;
    weight = make_weight(weight->shape,
                         Signs{std::vector<float>(64, 0.1f), sign_words(to_dense(*weight).data), {}});
  }
  return graph;
}

/// Two blocks of norm -> sign -> conv -> norm -> + input -> slopes.
Graph two_blocks() {
  Builder net("blocks");
  ValueId x = net.input("data", {64, 8, 8});
  x = net.conv("first", x, 64, {1, 1});
  for (const std::string block : {"a", "b"}) {
    const ValueId in = x;
    x = net.apply(block + ".sign", Sign{}, {net.batch_norm(block + ".norm", x)});
    x = net.batch_norm(block + ".out_norm", net.conv(block, x, 64, {3, 3}, {.pad = {1, 1, 1, 1}}, false));
    x = net.apply(block + ".sum", Add{}, {x, in});
    x = net.apply(block + ".slopes", PRelu{}, {x, net.constant(block + ".slope", Tensor({64, 1, 1}))});
  }
  return with_signs(net.finish({net.apply("mean", GlobalAvgPool{}, {x})}), {"a", "b"});
}

void expect_one_step_a_block(const Graph& graph) {
  Session session(graph, {.threads = 1});
  EXPECT_THAT(kernels_of(session), testing::ElementsAre("to_pixels", "conv_1x1", "pack_signs", "binary_conv",
                                                        "binary_conv", "mean"))
      << to_text(graph, 0);
  Random random(1);
  expect_equal(session, answered(graph, random));
}

TEST(Binary, ABlockIsOneStepAndPassesSignsOnAsBits) { expect_one_step_a_block(two_blocks()); }

TEST(Binary, ThresholdsOfSignsAreLeftToThoseWhoPackThem) {
  expect_one_step_a_block(with_sign_thresholds(two_blocks()));
}

TEST(Binary, WeightsTakeOneBitInMemory) {
  const Session session(two_blocks(), {.threads = 1});
  for (const Step& step : session.plan().steps) {
    if (step.kernel != "binary_conv") continue;
    const size_t weights = 64 * 64 * 9, others = 4 * 64 * 16;
    EXPECT_LE(step.weight_bytes, weights / 8 + others);
  }
}

TEST(Binary, OneScaleForAllPixelsIsRepeated) {
  for (const Pair kernel : {Pair{8, 8}, Pair{8, 1}, Pair{1, 8}}) {
    Builder net("repeated");
    const ValueId x = net.input("data", {64, 8, 8});
    const ValueId k = net.apply("k", InputScale{.kernel = kernel}, {x});
    const ValueId sums =
        net.conv("conv", net.apply("sign", Sign{}, {x}), 64, {3, 3}, {.pad = {1, 1, 1, 1}}, false);
    const Graph graph = with_signs(net.finish({net.apply("scaled", Mul{}, {sums, k})}), {"conv"});
    Session session(graph, {.threads = 1});
    Random random(1);
    expect_equal(session, answered(graph, random));
  }
}

TEST(Binary, SumsOfRealInputsDoNotDependOnThreads) {
  Builder net("real");
  const ValueId x =
      net.conv("conv", net.input("data", {64, 14, 14}), 64, {3, 3}, {.pad = {1, 1, 1, 1}}, false);
  const Graph graph = with_signs(net.finish({x}), {"conv"});
  const std::string before = kernels::cpu_level();
  for (const std::string& level : kernels::cpu_levels()) {
    kernels::set_cpu_level(level);
    Session alone(graph, {.threads = 1}, {.residency = Residency::packed});
    Session shared(graph, {.threads = 3}, {.residency = Residency::packed});
    Random random(1);
    const Tensor in = random_input(random, {1, 64, 14, 14}, 1);
    const Tensor expected = alone.run(in);
    for (int run = 0; run < 20; ++run) ASSERT_EQ(shared.run(in).data, expected.data) << level;
  }
  kernels::set_cpu_level(before);
}

}  // namespace
}  // namespace netsuke::runtime
