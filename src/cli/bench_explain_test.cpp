#include "cli/bench_explain.h"

#include <gtest/gtest.h>

#include <cstdint>

#include "zoo/zoo.h"

namespace netsuke::cli {
namespace {

// 100 operations and 1 byte of memory a nanosecond; caches that hold nothing.
constexpr kernels::Limits kLimits{100, {0, 4}, {0, 3}, {0, 2}, {SIZE_MAX, 1}, 2};

runtime::StepReport step_of(const std::string& name, int64_t macs, double ms) {
  return {
      .name = name, .op = "conv2d", .kernel = "some_kernel", .activation = "relu", .macs = macs, .ms = ms};
}

StepRow explain_one(const std::string& node, int64_t macs, double ms, int64_t batch) {
  const runtime::StepReport steps[] = {step_of(node, macs, ms)};
  return explained(zoo::build("lenet_5"), steps, batch, kLimits).at(0);
}

// conv2 of LeNet-5: 50 x 20 x 5 x 5 weights and 50 biases, 20x12x12 in, 50x8x8 out.
constexpr double kWeights = 4.0 * (25'000 + 50), kActivations = 4.0 * (2880 + 3200);

TEST(BenchExplain, CountsEveryByteOfAStepOnce) {
  const StepRow row = explain_one("conv2", 1'600'000, 1, 1);
  EXPECT_DOUBLE_EQ(row.traffic.weights, kWeights);
  EXPECT_DOUBLE_EQ(row.traffic.activations, kActivations);
  EXPECT_DOUBLE_EQ(explain_one("conv2", 1'600'000, 1, 4).traffic.weights, kWeights / 4);
}

TEST(BenchExplain, NamesTheLimitThatBinds) {
  const double bytes_ms = 1e-6 * (kWeights + kActivations);
  const StepRow memory = explain_one("conv2", 1'600'000, 2 * bytes_ms, 1);
  EXPECT_EQ(memory.bound, "memory");
  EXPECT_NEAR(memory.limit, 0.5, 1e-9);
  const StepRow fma = explain_one("conv2", 50'000'000, 4, 1);  // 1e8 operations take 1 ms at the least
  EXPECT_EQ(fma.bound, "fma");
  EXPECT_NEAR(fma.limit, 0.25, 1e-9);
  EXPECT_NEAR(fma.gflops, 25, 1e-9);
}

TEST(BenchExplain, JudgesBinaryConvolutionsByWhatSignsTake) {
  runtime::StepReport step = step_of("conv2", 50'000'000, 0.1);
  step.kernel = "binary_conv";
  step.weight_bytes = static_cast<size_t>(kWeights) / 32;
  const runtime::StepReport steps[] = {step};
  const StepRow row = explained(zoo::build("lenet_5"), steps, 1, kLimits).at(0);
  EXPECT_EQ(row.bound, "signs");
  EXPECT_NEAR(row.limit, 0.5, 1e-9);  // 1e8 operations take 0.05 ms at the least
}

// Of what is left out nothing is read and nothing multiplied.
TEST(BenchExplain, JudgesSparseKernelsByWhatIsKept) {
  Graph graph = zoo::build("lenet_5");
  WeightPtr& weight = graph.values[find_value(graph, "conv2.weight")].weight;
  Sparse tenth;
  for (uint32_t at = 0; at < 25'000; at += 10) tenth.positions.push_back(at), tenth.values.push_back(1);
  weight = make_weight(weight->shape, tenth);
  runtime::StepReport step = step_of("conv2", 50'000'000, 0.4);
  step.kernel = "sparse_conv";
  step.weight_bytes = 15'000;
  const StepRow row = explained(graph, {&step, 1}, 1, kLimits).at(0);
  EXPECT_EQ(row.traffic.weights, 15'000);
  EXPECT_EQ(row.bound, "fma");
  EXPECT_NEAR(row.limit, 0.25, 1e-9);  // 1e7 operations of 1e8
  EXPECT_NEAR(row.gflops, 25, 1e-9);
}

TEST(BenchExplain, SaysNothingOfAStepThatWasNotTimed) {
  const StepRow row = explain_one("conv2", 1'600'000, 0, 1);
  EXPECT_EQ(row.bound, "");
  EXPECT_EQ(row.limit, 0);
}

TEST(BenchExplain, TellsWhyFasterKernelsRefused) {
  std::vector<StepRow> rows{explain_one("conv2", 1'600'000, 1, 1)};
  EXPECT_FALSE(explained_json(rows)[0].contains("refused"));
  rows[0].step.refused = "sparse: 62 % zeros, break-even 71 %";
  EXPECT_NE(explained_text(rows).find("conv2: sparse: 62 % zeros"), std::string::npos);
  EXPECT_EQ(explained_json(rows)[0]["refused"], rows[0].step.refused);
}

TEST(BenchExplain, SharesOfTimeAddUp) {
  const runtime::StepReport steps[] = {step_of("conv1", 1, 3), step_of("conv2", 1, 1)};
  const report::Json json = explained_json(explained(zoo::build("lenet_5"), steps, 1, kLimits));
  EXPECT_NEAR(json[0]["percent"].get<double>(), 75, 1e-9);
  EXPECT_NEAR(json[1]["percent"].get<double>(), 25, 1e-9);
}

}  // namespace
}  // namespace netsuke::cli
