// Training through the module: it learns, and what encodings state stays true.
#include "train/train.h"

#include <dlfcn.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/clock.h"
#include "base/error.h"
#include "train/test_runs.h"

namespace netsuke::train {
namespace {

using testing::HasSubstr;

/// Debian 12's OpenBLAS takes a processor that is younger than itself for one of 2004: training was four
/// times as slow as it is.
TEST(Module, MultipliesMatricesWithTheInstructionsThatThereAre) {
#if defined(__x86_64__)
  if (!__builtin_cpu_supports("avx2")) GTEST_SKIP() << "no AVX2 here";
  module();
  void* blas = dlopen("libopenblas.so.0", RTLD_NOW | RTLD_NOLOAD);
  if (!blas) GTEST_SKIP() << "this libtorch does not multiply with OpenBLAS";
  const auto name = reinterpret_cast<const char* (*)()>(dlsym(blas, "openblas_get_corename"));
  ASSERT_NE(name, nullptr);
  EXPECT_THAT(std::string(name()),
              testing::AnyOf("Haswell", "Zen", "SkylakeX", "Cooperlake", "SapphireRapids"));
#else
  GTEST_SKIP() << "OpenBLAS knows its ARM processors";
#endif
}

TEST(Train, LearnsQuadrants) {
  const DatasetPtr data = quadrants(800, 1), held_out = quadrants(400, 2);
  const Graph graph = small_net();
  ASSERT_GT(error_percent(graph, *held_out), 30);
  const Result result = run(graph, *data, short_run(), held_out.get());
  EXPECT_LT(error_percent(result.graph, *held_out), 1);
  ASSERT_EQ(result.epochs.size(), 6u);
  EXPECT_LT(result.epochs.back().loss, result.epochs.front().loss);
  const Epoch& best = result.epochs[static_cast<size_t>(result.best_epoch)];
  EXPECT_NEAR(best.validation_error, error_percent(result.graph, *held_out), 0.3);
  EXPECT_NEAR(best.validation_loss, loss(result.graph, *held_out), 1e-3);
}

TEST(Train, EndsWithItsMinutesAndLearnsWhatTheyAllow) {
  const DatasetPtr data = quadrants(800, 1), held_out = quadrants(400, 2);
  Options options = short_run();
  options.epochs = 100'000;
  options.minutes = 0.03;
  std::vector<std::string> lines;
  Log log;
  log.line = [&](std::string_view line) { lines.emplace_back(line); };
  const Clock::time_point start = Clock::now();
  const Result result = module().train(small_net(), *data, held_out.get(), {}, options, log);
  EXPECT_LT(seconds_since(start), 30) << "1.8 were asked for";
  EXPECT_GT(result.epochs.size(), 2u);
  EXPECT_LT(error_percent(result.graph, *held_out), 2);
  EXPECT_THAT(lines.back(), HasSubstr("of 5000000 steps of the 100000 epochs"));
}

// Even where there is no time at all.
TEST(Train, IsAStepAtLeast) {
  const DatasetPtr data = quadrants(64, 1);
  Options options = short_run();
  options.minutes = 1e-6;
  const Result result = run(small_net(), *data, options, data.get());
  ASSERT_EQ(result.epochs.size(), 1u);
  EXPECT_GT(result.epochs[0].loss, 0.5) << "the loss of one step of the epoch's four";
}

/// Images of which one in `every` cannot be decoded, and has a label that is wrong besides.
class Damaged : public Dataset {
 public:
  Damaged(DatasetPtr whole, int64_t every) : whole_(std::move(whole)), every_(every) {}
  int64_t size() const override { return whole_->size(); }
  const Shape& image_shape() const override { return whole_->image_shape(); }
  int label(int64_t i) const override { return (whole_->label(i) + (i % every_ == 0 ? 1 : 0)) % 4; }
  void pixels(int64_t i, std::span<uint8_t> out) const override { whole_->pixels(i, out); }
  bool sound_pixels(int64_t i, std::span<uint8_t> out) const override {
    pixels(i, out);
    return i % every_ != 0;
  }
  const std::vector<std::string>& classes() const override { return whole_->classes(); }
  const std::string& name() const override { return whole_->name(); }

 private:
  DatasetPtr whole_;
  int64_t every_;
};

TEST(Train, DamagedImagesAreNeitherLearnedFromNorJudged) {
  const Damaged some(quadrants(800, 1), 3), held_out(quadrants(400, 2), 3);
  const Result result = run(small_net(), some, short_run(), &held_out);
  EXPECT_LT(result.epochs.back().validation_error, 1);
  EXPECT_LT(error_percent(result.graph, *quadrants(400, 2)), 1);
}

TEST(Train, ASetWithoutASoundImageIsRefused) {
  const Damaged all(quadrants(16, 1), 1);
  try {
    run(small_net(), all, short_run());
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::input);
    EXPECT_THAT(error.what(), HasSubstr("no image that can be decoded"));
  }
}

// The last step's harm is seen by no later step.
TEST(Train, AStepIntoNoNumbersIsReportedThoughItWasTheLast) {
  const DatasetPtr data = quadrants(16, 1);
  Options options = one_step(*data);
  options.learning_rate = 1e6;
  options.momentum = 0;
  Graph graph = small_net();
  Parameter scores;
  for (const Parameter& p : parameters(graph))
    if (p.role == "weight") scores = p;
  Tensor large = to_dense(*graph.values[scores.value].weight);
  for (float& value : large.data) value *= 1e36f;  // so that gradients overflow, and the loss does not
  graph.values[scores.value].weight = make_dense(large);
  try {
    run(graph, *data, options, data.get());
    FAIL() << "not noticed";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("behind epoch 1: the learning rate"));
    EXPECT_THAT(error.what(), HasSubstr("too high"));
  }
}

/// Of a small net on images that it has not seen.
double error_after(const Options& options) {
  return error_percent(run(small_net(), *quadrants(800, 1), options).graph, *quadrants(400, 2));
}

TEST(Train, AugmentedWarmedUpSmoothedRunLearnsToo) {
  Options options = short_run();
  options.shift = 1;
  options.rotate = 10;
  options.zoom = 0.1;
  options.label_smoothing = 0.1;
  options.warmup_epochs = 0.5;
  EXPECT_LT(error_after(options), 2);
}

TEST(Train, EveryOptimizerLearns) {
  for (const char* name : {"sgd", "adam", "adamw", "rmsprop"}) {
    Options options = short_run();
    options.optimizer = name;
    if (options.optimizer != "sgd") options.learning_rate = 0.003;
    options.clip_norm = 5;
    options.schedule = "polynomial";
    EXPECT_LT(error_after(options), 2) << name;
  }
}

TEST(Train, EveryAugmentationAtOnceStillLearns) {
  Options options = short_run();
  options.epochs = 10;
  options.crop = 0.7;
  options.jitter = 0.2;
  options.cutout = 2;
  options.mixup = 0.2;
  EXPECT_LT(error_after(options), 3);
}

// One step of rate 1 moves by the gradient; clipped, by a vector of the length asked for.
TEST(Train, ClippingBoundsTheStep) {
  const DatasetPtr data = quadrants(16, 1);
  Options options = one_step(*data);
  options.clip_norm = 0.01;
  const Graph before = small_net(1, false, 0), after = run(before, *data, options).graph;
  double squares = 0;
  for (const Parameter& p : parameters(before)) {
    const Tensor a = to_dense(*before.values[p.value].weight), b = to_dense(*after.values[p.value].weight);
    for (size_t i = 0; i < a.size(); ++i) squares += std::pow(static_cast<double>(a.data[i] - b.data[i]), 2);
  }
  EXPECT_NEAR(std::sqrt(squares), 0.01, 1e-5);
}

// The average of two steps with decay 1/2, or less where few steps have been: (1 + t) / (10 + t).
TEST(Train, TheAverageFollowsTheWeights) {
  const DatasetPtr data = quadrants(16, 1);
  Options options = one_step(*data);
  const Graph before = small_net(1, false, 0), after = run(before, *data, options).graph;
  options.average = 0.5;
  const Graph averaged = run(before, *data, options).graph;
  const Tensor from = to_dense(weight(before, "scores.weight")),
               to = to_dense(weight(after, "scores.weight"));
  const Tensor between = to_dense(weight(averaged, "scores.weight"));
  for (size_t i = 0; i < from.size(); ++i)
    EXPECT_NEAR(between.data[i], from.data[i] + 0.9f * (to.data[i] - from.data[i]), 1e-5f);
}

TEST(Train, FrozenLayersStayAsTheyAre) {
  const Graph before = small_net();
  Options options = short_run();
  options.freeze = "norm";
  const Graph after = run(before, *quadrants(400, 1), options).graph;
  for (const Parameter& p : parameters(before)) {
    const bool frozen = p.node < 2;  // the convolution, and the batch norm with its running statistics
    EXPECT_EQ(*before.values[p.value].weight == *after.values[p.value].weight, frozen)
        << before.values[p.value].name;
  }
  EXPECT_LT(error_percent(after, *quadrants(400, 2)), 10);
}

TEST(Train, DepthwiseWeightsMayBeSparedFromDecay) {
  Builder net("depthwise", 1);
  ValueId x = net.input("data", {1, 8, 8});
  x = net.conv("full", x, 4, {3, 3});
  x = net.conv("each", x, 4, {3, 3}, {.groups = 4});
  x = net.apply("flatten", Flatten{}, {x});
  const Graph graph = net.finish({net.linear("scores", x, 4)});
  const DatasetPtr data = quadrants(16, 1);
  Options options = one_step(*data);
  const auto moved = [&](double decay, bool depthwise, const char* name) {
    options.weight_decay = decay;
    options.decay_depthwise = depthwise;
    return to_dense(weight(run(graph, *data, options).graph, name)).data;
  };
  EXPECT_EQ(moved(0.5, false, "each.weight"), moved(0, false, "each.weight"));
  EXPECT_NE(moved(0.5, true, "each.weight"), moved(0, true, "each.weight"));
  EXPECT_NE(moved(0.5, false, "full.weight"), moved(0, false, "full.weight"));
}

TEST(Train, SameSeedGivesTheSameWeightsAndAnotherSeedDoesNot) {
  const DatasetPtr data = quadrants(200, 1);
  Options options = short_run();
  options.epochs = 2;
  options.threads = 2;
  options.shift = 1;
  const Graph first = run(small_net(), *data, options).graph;
  EXPECT_EQ(run(small_net(), *data, options).graph, first);
  options.seed = 2;
  EXPECT_NE(run(small_net(), *data, options).graph, first);
}

TEST(Train, SparseKeepsItsMask) {
  Graph graph = small_net();
  Sparse mask;
  for (uint32_t i = 0; i < 16 * 96; i += 3) mask.positions.push_back(i), mask.values.push_back(0.01f);
  set_weight(graph, "hidden.weight", mask);
  const Result result = run(graph, *quadrants(400, 1), short_run());
  const auto& trained = std::get<Sparse>(weight(result.graph, "hidden.weight").encoding);
  EXPECT_EQ(trained.positions, mask.positions);
  EXPECT_NE(trained.values, mask.values);
  EXPECT_LT(error_percent(result.graph, *quadrants(400, 2)), 3);
}

TEST(Train, SurgeryBringsBackWhatWasPrunedByMistake) {
  Graph graph = small_net();
  // Of every unit's inputs only those of the first of six channels are left.
  Sparse mask;
  for (uint32_t i = 0; i < 16 * 96; ++i)
    if (i % 96 < 16) mask.positions.push_back(i), mask.values.push_back(i % 2 ? 0.01f : -0.01f);
  set_weight(graph, "hidden.weight", mask);
  Options options = short_run();
  options.surgery = true;
  const Graph trained = run(graph, *quadrants(400, 1), options).graph;
  const auto& after = std::get<Sparse>(weight(trained, "hidden.weight").encoding);
  EXPECT_EQ(after.positions.size(), mask.positions.size());
  EXPECT_NE(after.positions, mask.positions);
  EXPECT_LT(error_percent(trained, *quadrants(400, 2)), 3);
}

TEST(Train, CentroidMovesByTheSumOfItsWeightsGradients) {
  const DatasetPtr data = quadrants(12, 1);
  Random random(5);
  SparseCodebook shared{{-0.2f, -0.05f, 0.1f, 0.3f}, {}, {}};
  for (uint32_t i = 0; i < 16 * 96; i += 2) {
    shared.positions.push_back(i);
    shared.codes.push_back(static_cast<uint16_t>(random.below(4)));
  }
  Graph coded = small_net(3, false, 0);
  set_weight(coded, "hidden.weight", shared);
  Graph dense = coded;
  set_weight(dense, "hidden.weight", Dense{to_dense(weight(coded, "hidden.weight")).data});

  const Graph dense_after = run(dense, *data, one_step(*data)).graph;
  const Graph coded_after = run(coded, *data, one_step(*data)).graph;
  const Tensor before = to_dense(weight(dense, "hidden.weight")),
               after = to_dense(weight(dense_after, "hidden.weight"));
  std::vector<double> sums(4);
  for (size_t i = 0; i < shared.codes.size(); ++i)
    sums[shared.codes[i]] += after.data[shared.positions[i]] - before.data[shared.positions[i]];
  const auto& trained = std::get<SparseCodebook>(weight(coded_after, "hidden.weight").encoding);
  EXPECT_EQ(trained.codes, shared.codes);
  EXPECT_EQ(trained.positions, shared.positions);
  for (size_t k = 0; k < 4; ++k) EXPECT_NEAR(trained.centroids[k] - shared.centroids[k], sums[k], 1e-4) << k;
}

TEST(Train, BatchNormLearnsItsRunningStatistics) {
  const DatasetPtr data = quadrants(400, 1);
  const Graph graph = small_net(), trained = run(graph, *data, short_run()).graph;
  EXPECT_NE(weight(trained, "norm.mean"), weight(graph, "norm.mean"));
  EXPECT_NE(weight(trained, "norm.variance"), weight(graph, "norm.variance"));
}

TEST(Train, WeightDecayShrinksWeightsButNotBiases) {
  const DatasetPtr data = quadrants(12, 1);
  Options options = one_step(*data);
  options.learning_rate = 0.1;
  const Graph graph = small_net(3, true, 0), plain = run(graph, *data, options).graph;
  options.weight_decay = 0.5;
  const Graph decayed = run(graph, *data, options).graph;
  EXPECT_EQ(weight(decayed, "norm.scale"), weight(plain, "norm.scale"));
  const float before = to_dense(weight(graph, "conv.weight")).data[0];
  EXPECT_NEAR(to_dense(weight(decayed, "conv.weight")).data[0],
              to_dense(weight(plain, "conv.weight")).data[0] - 0.1f * 0.5f * before, 1e-6);
}

/// conv1 -> [norm -> sign -> conv2 x K -> norm -> slopes] -> scores, conv2's weight of signs.
Graph binary_net() {
  Builder net("binary", 3);
  ValueId x = net.input("data", {1, 8, 8});
  x = net.batch_norm("norm1", net.conv("conv1", x, 8, {3, 3}, {.pad = {1, 1, 1, 1}}));
  const ValueId scale = net.apply("scale", InputScale{{3, 3}, {2, 2}, {1, 1, 1, 1}}, {x});
  x = net.apply("sign", Sign{}, {x});
  x = net.conv("conv2", x, 8, {3, 3}, {.stride = {2, 2}, .pad = {1, 1, 1, 1}}, false);
  x = net.batch_norm("norm2", net.apply("scaled", Mul{}, {x, scale}));
  const Tensor slopes({8, 1, 1}, std::vector<float>(8, 0.25f));
  x = net.apply("slopes", PRelu{}, {x, net.constant("slopes.values", slopes)});
  Graph graph = net.finish({net.linear("scores", net.apply("flatten", Flatten{}, {x}), 4)});
  const std::vector<float> real = to_dense(weight(graph, "conv2.weight")).data;
  set_weight(graph, "conv2.weight", Signs{std::vector<float>(8), sign_words(real), real});
  return graph;
}

Options short_binary_run() {
  Options options = short_run();
  options.optimizer = "adam";
  options.learning_rate = 0.005;
  options.weight_decay = 0;
  return options;
}

TEST(Binary, LearnsByEveryRuleAndStaysBinary) {
  for (const std::string rule : {"paper", "clipped", "released"})
    for (const std::string inputs : {"clipped", "smooth"}) {
      SCOPED_TRACE(rule + ", " + inputs);
      Options options = short_binary_run();
      options.binary_gradient = rule;
      options.sign_gradient = inputs;
      const Result result = run(binary_net(), *quadrants(800, 1), options);
      EXPECT_LT(error_percent(result.graph, *quadrants(400, 2)), 3);
      const auto& signs = std::get<Signs>(weight(result.graph, "conv2.weight").encoding);
      EXPECT_NE(signs.words, std::get<Signs>(weight(binary_net(), "conv2.weight").encoding).words);
    }
}

TEST(Binary, LearnsInBf16WhereTheMachineHasIt) {
  Options options = short_binary_run();
  options.precision = "bf16";
  try {
    EXPECT_LT(error_percent(run(binary_net(), *quadrants(800, 1), options).graph, *quadrants(400, 2)), 3);
  } catch (const Error& refusal) {
    ASSERT_THAT(refusal.what(), testing::HasSubstr("no bf16 convolution"));
    GTEST_SKIP() << refusal.what();
  }
}

TEST(Binary, RefusesRulesThatDoNotExist) {
  Options options = short_run();
  options.binary_gradient = "papr";
  EXPECT_THROW(run(binary_net(), *quadrants(80, 1), options), Error);
  options = short_run();
  options.sign_gradient = "soft";
  EXPECT_THROW(run(binary_net(), *quadrants(80, 1), options), Error);
}

TEST(Curvature, OfOneLayerIsWhatItsFormulaSays) {
  // log p(c) = z_c - log sum exp z, z = W x: the mean over classes drawn from p of (d log p / d W_cj)^2 is
  // p_c (1 - p_c) x_j^2.
  Builder net("one", 3);
  const ValueId x = net.apply("flatten", Flatten{}, {net.input("data", {1, 8, 8})});
  const Graph graph = net.finish({net.apply("prob", Softmax{}, {net.linear("scores", x, 4)})});
  const DatasetPtr data = quadrants(4096, 9);
  const auto measured = module().curvature(graph, *data, {.images = 4096, .seed = 2, .threads = 1}, Log());
  const Tensor batch = batch_of(graph, *data), p = module().infer(graph, batch);
  const std::vector<float>& diagonal = measured[find_value(graph, "scores.weight")];
  ASSERT_EQ(diagonal.size(), 4u * 64u);
  for (size_t c = 0; c < 4; ++c) {
    double expected = 0, found = 0;
    for (size_t j = 0; j < 64; ++j) {
      for (size_t i = 0; i < 4096; ++i) {
        const double share = p.data[4 * i + c], pixel = batch.data[64 * i + j];
        expected += share * (1 - share) * pixel * pixel / 4096;
      }
      found += static_cast<double>(diagonal[64 * c + j]);
    }
    EXPECT_NEAR(found / expected, 1, 0.1) << "class " << c;
  }
}

TEST(Curvature, CountsPrunedWeightsTooAndLeavesStatisticsAlone) {
  Graph graph = small_net();
  set_weight(graph, "hidden.weight", Sparse{{1, 7}, {0.5f, -0.25f}});
  const auto measured =
      module().curvature(graph, *quadrants(64, 1), {.images = 64, .seed = 1, .threads = 1}, Log());
  EXPECT_EQ(measured[find_value(graph, "hidden.weight")].size(),
            static_cast<size_t>(weight_count(weight(graph, "hidden.weight"))));
  EXPECT_TRUE(measured[find_value(graph, "norm.mean")].empty());
  EXPECT_FALSE(measured[find_value(graph, "norm.scale")].empty());
}

class Refusal : public testing::Test {
 protected:
  void expect(ErrorCode code, const std::string& part, const Graph& graph, const Dataset& data) {
    try {
      run(graph, data, options_);
      FAIL() << "trained without complaint";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), code);
      EXPECT_THAT(error.what(), HasSubstr(part));
    }
  }
  Options options_ = short_run();
  DatasetPtr data_ = quadrants(64, 1);
};

TEST_F(Refusal, ImagesOfAnotherShape) {
  Builder net("wide");
  const ValueId x = net.apply("flatten", Flatten{}, {net.input("data", {3, 8, 8})});
  expect(ErrorCode::input, "3x8x8", net.finish({net.linear("scores", x, 4)}), *data_);
}

TEST_F(Refusal, LabelWithoutAnOutput) {
  Builder net("narrow");
  const ValueId x = net.apply("flatten", Flatten{}, {net.input("data", {1, 8, 8})});
  expect(ErrorCode::input, "has 2 outputs", net.finish({net.linear("scores", x, 2)}), *data_);
}

TEST_F(Refusal, OptionsOutOfRange) {
  options_.schedule = "parabolic";
  expect(ErrorCode::usage, "parabolic", small_net(), *data_);
  options_ = short_run();
  options_.optimizer = "adamax";
  expect(ErrorCode::usage, "did you mean 'adam", small_net(), *data_);
  options_ = short_run();
  options_.momentum = 1.5;
  expect(ErrorCode::usage, "momentum is 1.5", small_net(), *data_);
  options_ = short_run();
  options_.epochs = 0;
  expect(ErrorCode::usage, "epochs", small_net(), *data_);
  options_ = short_run();
  options_.precision = "fp16";
  expect(ErrorCode::usage, "precision is 'fp16', accepted are fp32 and bf16", small_net(), *data_);
}

TEST_F(Refusal, DivergingLoss) {
  options_.learning_rate = 1e5;
  expect(ErrorCode::usage, "learning rate 1e+05 is too high", small_net(1, false), *data_);
}

TEST_F(Refusal, DistillationWithoutATeacher) {
  options_.distill_alpha = 0.5;
  expect(ErrorCode::usage, "without a teacher", small_net(), *data_);
}

TEST_F(Refusal, BatchNormOfASingleValue) {
  Builder net("single");
  ValueId x = net.apply("flatten", Flatten{}, {net.input("data", {1, 8, 8})});
  x = net.linear("scores", net.batch_norm("norm", x), 4);
  options_.batch = 1;
  expect(ErrorCode::usage, "a batch of one value a channel has no variance", net.finish({x}), *data_);
}

}  // namespace
}  // namespace netsuke::train
