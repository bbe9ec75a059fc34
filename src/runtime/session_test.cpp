#include "runtime/session.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>
#include <thread>

#include "base/error.h"
#include "graph/builder.h"
#include "graph/evaluate.h"
#include "graph/shapes.h"
#include "graph/text.h"
#include "kernels/cpu.h"
#include "runtime/arena.h"
#include "runtime/count_allocations.h"
#include "runtime/random_graph.h"

namespace netsuke::runtime {
namespace {

constexpr uint64_t kRandomGraphs = 120;

Tensor random_tensor(Random& random, const Shape& shape) {
  Tensor t(shape);
  for (float& value : t.data) value = static_cast<float>(random.uniform(-1, 1));
  return t;
}

void expect_equal_to_evaluation(const Graph& graph, Session& session, Random& random, int64_t batch) {
  Shape shape = session.plan().input_shape;
  shape[0] = batch;
  const Tensor in = random_tensor(random, shape);
  const Tensor expected = evaluate(graph, {in})[0];
  const Tensor found = session.run(in);
  ASSERT_EQ(found.shape, expected.shape);
  for (size_t i = 0; i < found.size(); ++i)
    ASSERT_NEAR(found.data[i], expected.data[i], 1e-4 * std::max(1.0f, std::abs(expected.data[i])))
        << "at " << i << " of batch " << batch << "\n"
        << to_text(graph, 0);
}

std::vector<std::string> kernels_of(const Session& session) {
  std::vector<std::string> kernels;
  for (const Step& step : session.plan().steps) kernels.emplace_back(step.kernel);
  return kernels;
}

TEST(Session, EqualsTheReferenceEvaluationOnRandomGraphs) {
  const std::string before = kernels::cpu_level();
  for (const std::string& level : kernels::cpu_levels()) {
    kernels::set_cpu_level(level);
    for (uint64_t seed = 0; seed < kRandomGraphs && !HasFailure(); ++seed) {
      SCOPED_TRACE("level " + level + ", seed " + std::to_string(seed));
      Random random(seed);
      const Graph graph = random_graph(seed);
      Session session(graph,
                      {.threads = 1 + static_cast<int>(seed % 3), .max_batch = static_cast<int>(seed % 4)});
      for (int64_t batch : {1, 5, 2}) expect_equal_to_evaluation(graph, session, random, batch);
    }
  }
  kernels::set_cpu_level(before);
}

TEST(Session, IsTestedOnGraphsThatUseEveryOp) {
  std::set<uint8_t> used;
  for (uint64_t seed = 0; seed < kRandomGraphs; ++seed)
    for (const Node& node : random_graph(seed).nodes) used.insert(op_id(node.op));
  // These two need inputs of their own: binary_test.cpp.
  used.insert({Sign::id, InputScale::id});
  EXPECT_EQ(used.size(), std::variant_size_v<AnyOp>);
}

TEST(Session, GivesTheSameBitsForAnyNumberOfThreadsAndAnyPieces) {
  for (uint64_t seed = 100; seed < 110; ++seed) {
    const Graph graph = random_graph(seed);
    Random random(seed);
    Session one(graph, {.threads = 1, .max_batch = 7}), three(graph, {.threads = 3, .max_batch = 2});
    for (int64_t batch : {7, 2}) {  // three threads take images of their own, or share two
      Shape shape = one.plan().input_shape;
      shape[0] = batch;
      const Tensor in = random_tensor(random, shape);
      EXPECT_EQ(one.run(in).data, three.run(in).data) << "seed " << seed << ", batch " << batch;
    }
  }
}

TEST(Session, SharesAPlanWithOthersOnOtherThreads) {
  const Graph graph = random_graph(7);
  const auto plan = make_plan(graph);
  Random random(7);
  const Tensor in = random_tensor(random, plan->input_shape), expected = Session(plan).run(in);
  std::vector<Tensor> found(4);
  std::vector<std::thread> threads;
  for (Tensor& mine : found)
    threads.emplace_back([&] {
      Session session(plan, {.threads = 2});
      for (int i = 0; i < 5; ++i) mine = session.run(in);
    });
  for (std::thread& thread : threads) thread.join();
  for (const Tensor& mine : found) EXPECT_EQ(mine, expected);
}

TEST(Session, GivesTheSameBitsWhenThreadsShareLargeSteps) {
  Builder b("large");
  ValueId x = b.input("data", {16, 40, 41});
  x = b.conv("conv1", x, 33, {3, 3}, {.pad = {1, 1, 1, 1}});
  x = b.conv("conv2", x, 30, {1, 1});
  x = b.apply("pool", MaxPool{}, {x});
  const Graph graph = b.finish({b.linear("ip", b.apply("flat", Flatten{}, {x}), 301)});
  Session one(graph, {.threads = 1}), three(graph, {.threads = 3});
  Random random(5);
  const Tensor in = random_tensor(random, {1, 16, 40, 41});
  EXPECT_EQ(one.run(in).data, three.run(in).data);
}

TEST(Session, TakesNoMemoryAfterTheFirstRun) {
  if (!counts_allocations()) GTEST_SKIP() << "a sanitizer counts for itself";
  Builder b("steady");
  ValueId x = b.conv("stem", b.input("data", {3, 64, 64}), 32, {3, 3}, {.pad = {1, 1, 1, 1}});
  x = b.apply("pool1", MaxPool{{2, 2}, {2, 2}}, {b.apply("relu", Relu{}, {x})});
  x = b.conv("winograd", x, 48, {3, 3}, {.pad = {1, 1, 1, 1}});
  x = b.conv("depthwise", x, 48, {3, 3}, {.pad = {1, 1, 1, 1}, .groups = 48});
  x = b.apply("pool2", GlobalAvgPool{}, {b.apply("norm", Lrn{}, {x})});
  const Graph graph = b.finish({b.linear("ip", b.apply("flat", Flatten{}, {x}), 300)});
  for (int threads : {1, 2}) {
    Session session(graph, {.threads = threads});
    std::vector<float> in(session.input_size() * 3), out(session.output_size() * 3);
    const auto run = [&] {
      session.run(in, 3, out);
      session.run(std::span(in).first(session.input_size()), 1, std::span(out).first(session.output_size()));
    };
    run();
    const size_t before = allocations();
    run();
    EXPECT_EQ(allocations() - before, 0u) << threads << " threads";
  }
}

Graph conv_relu_linear() {
  Builder b("small");
  ValueId x = b.input("data", {1, 6, 6});
  x = b.conv("conv1", x, 4, {3, 3});
  x = b.apply("relu1", Relu{}, {x});
  x = b.apply("drop1", Dropout{}, {x});
  x = b.apply("flat", Flatten{}, {x});
  x = b.linear("ip", x, 3);
  return b.finish({b.apply("relu2", Clip{}, {x})});
}

TEST(Session, ExplainsWhatItDoes) {
  Session session(conv_relu_linear(), {.timed = true});
  EXPECT_EQ(session.explain()[0].ms, 0);
  session.run(Tensor({2, 1, 6, 6}));
  const std::vector<StepReport> steps = session.explain();
  ASSERT_EQ(steps.size(), 3u) << "activations and dropout are no steps of their own";
  EXPECT_EQ(steps[0].name, "conv1");
  EXPECT_EQ(steps[0].op, "conv2d");
  EXPECT_EQ(steps[0].kernel, "conv");
  EXPECT_EQ(steps[0].activation, "relu1");
  EXPECT_EQ(steps[0].macs, 4 * 16 * 9);
  EXPECT_GT(steps[0].ms, 0);
  EXPECT_EQ(steps[1].kernel, "to_planes") << "which flatten asks for";
  EXPECT_EQ(steps[2].name, "ip");
  EXPECT_EQ(steps[2].activation, "relu2");
  session.forget_times();
  EXPECT_EQ(session.explain()[0].ms, 0);
}

TEST(Session, KeepsAnActivationApartFromAValueThatOthersRead) {
  Builder b("fork");
  const ValueId x = b.input("data", {2, 3, 3});
  const ValueId y = b.conv("conv", x, 2, {1, 1});
  const Graph graph = b.finish({b.apply("sum", Add{}, {y, b.apply("relu", Relu{}, {y})})});
  Session session(graph);
  EXPECT_EQ(kernels_of(session),
            (std::vector<std::string>{"to_pixels", "conv_1x1", "clamp", "add", "to_planes"}));
  Random random(1);
  expect_equal_to_evaluation(graph, session, random, 2);
}

TEST(Session, WritesPartsOfAConcatAndReadsSlicesInPlace) {
  Builder b("fire");
  ValueId x = b.conv("squeeze", b.input("data", {1, 9, 8}), 6, {3, 3});
  const ValueId left = b.apply("relu1", Relu{}, {b.conv("expand1", x, 4, {1, 1})});
  const ValueId right = b.conv("expand3", x, 5, {3, 3}, {.pad = {1, 1, 1, 1}});
  x = b.apply("concat", Concat{}, {left, right});
  x = b.apply("slice", Slice{1, 2, 8, 1}, {x});
  x = b.apply("outer", Concat{}, {b.conv("conv", x, 3, {1, 1}), x});
  const Graph graph = b.finish({b.apply("pool", GlobalAvgPool{}, {x})});
  Session session(graph);
  EXPECT_EQ(kernels_of(session),
            (std::vector<std::string>{"conv", "conv_1x1", "conv", "conv_1x1", "copy", "mean"}))
      << "only the slice is copied, as it cannot lie in two concatenations";
  Random random(2);
  expect_equal_to_evaluation(graph, session, random, 3);
}

TEST(Session, ReadsShuffledChannelsWhereTheyAre) {
  Builder b("unit");
  const ValueId x = b.conv("stem", b.input("data", {1, 9, 8}), 30, {3, 3});
  ValueId y = b.apply("relu", Relu{}, {b.conv("conv1", x, 60, {1, 1}, {.groups = 3})});
  y = b.apply("shuffle", ChannelShuffle{3}, {y});  // of twenty channels, which three do not divide
  y = b.conv("conv2", y, 60, {3, 3}, {.pad = {1, 1, 1, 1}, .groups = 60});
  y = b.conv("conv3", y, 30, {1, 1}, {.groups = 3});
  y = b.conv("conv4", b.apply("shuffle2", ChannelShuffle{5}, {y}), 32, {3, 3}, {.stride = {2, 2}});
  const Graph graph = b.finish({b.apply("pool", GlobalAvgPool{}, {y})});
  Session session(graph, {.threads = 2});
  EXPECT_EQ(kernels_of(session),
            (std::vector<std::string>{"conv", "conv_1x1", "depthwise", "conv_1x1", "conv", "mean"}));
  Random random(4);
  expect_equal_to_evaluation(graph, session, random, 3);
}

TEST(Session, ShufflesFirstWhereGroupsReadFewChannels) {
  Builder b("many groups");
  const ValueId x = b.conv("stem", b.input("data", {1, 9, 8}), 64, {3, 3});
  const ValueId y = b.conv("conv", b.apply("shuffle", ChannelShuffle{32}, {x}), 128, {1, 1}, {.groups = 64});
  const Graph graph = b.finish({b.apply("pool", GlobalAvgPool{}, {y})});
  Session session(graph);
  EXPECT_EQ(kernels_of(session).at(1), "shuffle");
  Random random(5);
  expect_equal_to_evaluation(graph, session, random, 1);
}

TEST(Session, AddsWhatIsThereToWhatAConvolutionWrites) {
  Builder b("residual");
  const ValueId x = b.conv("stem", b.input("data", {1, 20, 20}), 16, {3, 3});
  ValueId y = b.apply("relu1", Relu{}, {b.conv("conv1", x, 16, {1, 1})});
  y = b.conv("conv2", y, 16, {3, 3}, {.pad = {1, 1, 1, 1}});
  const ValueId sum = b.apply("relu2", Relu{}, {b.apply("add", Add{}, {y, x})});
  const Graph graph = b.finish({b.apply("pool", GlobalAvgPool{}, {sum})});
  Session session(graph);
  EXPECT_EQ(session.plan().steps.size(), 4u);
  EXPECT_EQ(session.plan().steps[2].activation, "relu2");
  Random random(3);
  expect_equal_to_evaluation(graph, session, random, 2);
}

TEST(Session, PassesAnInputThroughAGraphWithoutSteps) {
  Builder b("nothing");
  Session session(b.finish({b.apply("flat", Flatten{}, {b.input("data", {2, 2})})}));
  const Tensor out = session.run(Tensor({1, 2, 2}, {1, 2, 3, 4}));
  EXPECT_EQ(out, Tensor({1, 4}, {1, 2, 3, 4}));
}

TEST(Session, RefusesLengthsThatDoNotFit) {
  Session session(conv_relu_linear());
  std::vector<float> in(36), out(3);
  EXPECT_NO_THROW(session.run(in, 1, out));
  EXPECT_NO_THROW(session.run({}, 0, {}));
  EXPECT_THROW(session.run(in, 2, out), Error);
  EXPECT_THROW(session.run(in, -1, out), Error);
  EXPECT_THROW(session.run({}, int64_t{1} << 62, {}), Error);
  EXPECT_THROW(session.run(Tensor({1, 1, 6, 5})), Error);
}

TEST(Plan, RefusesWhatTheRuntimeCanNotDo) {
  Builder two("two");
  const ValueId x = two.input("x", {2}), y = two.input("y", {2});
  EXPECT_THROW(make_plan(two.finish({two.apply("sum", Add{}, {x, y})})), Error);
  Builder dynamic("dynamic");
  const ValueId data = dynamic.input("data", {4});
  EXPECT_THROW(make_plan(dynamic.finish({dynamic.apply("fc", Linear{}, {data, data})})), Error);
  Builder constant("constant");
  const ValueId image = constant.input("x", {2});
  const ValueId sum = constant.apply("relu", Relu{}, {constant.constant("c", Tensor({1, 2}))});
  EXPECT_THROW(make_plan(constant.finish({constant.apply("sum", Add{}, {image, sum})})), Error);
}

TEST(Arena, NeverLetsTwoLiveValuesOverlap) {
  for (uint64_t seed = 0; seed < 200; ++seed) {
    Random random(seed);
    std::vector<Lifetime> values(1 + random.below(30));
    size_t all = 0;
    for (Lifetime& value : values) {
      value.first = random.below(20), value.last = value.first + random.below(5),
      value.size = random.below(500);
      all += (value.size + 15) / 16 * 16;
    }
    const ArenaLayout layout = lay_out(values);
    EXPECT_LE(layout.size, all) << "seed " << seed;
    for (size_t a = 0; a < values.size(); ++a) {
      EXPECT_LE(layout.offsets[a] + values[a].size, layout.size) << "seed " << seed;
      for (size_t b = 0; b < a; ++b) {
        if (values[a].first > values[b].last || values[b].first > values[a].last) continue;
        EXPECT_TRUE(layout.offsets[a] + values[a].size <= layout.offsets[b] ||
                    layout.offsets[b] + values[b].size <= layout.offsets[a])
            << "seed " << seed << ", values " << a << " and " << b;
      }
    }
  }
}

TEST(Arena, ReusesThePlaceOfADeadValue) {
  EXPECT_EQ(lay_out({{100, 0, 1}, {100, 1, 2}, {100, 2, 3}}).size, 224u);
}

}  // namespace
}  // namespace netsuke::runtime
