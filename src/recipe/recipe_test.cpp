#include "recipe/recipe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <utility>

#include "base/error.h"
#include "base/file.h"
#include "data/memory.h"
#include "graph/builder.h"
#include "graph/evaluate.h"
#include "graph/preprocess.h"
#include "recipe/run.h"

namespace netsuke::recipe {
namespace {

using testing::HasSubstr;

constexpr std::string_view kGood = R"(
name = "test"
[retraining]
rate = 0.2
batch = 32
[[stage]]
do = "prune"
density = { conv = 0.5, ip1 = 0.1 }
rounds = 2
retrain = { epochs = 3, rate = 0.1 }
[[stage]]
do = "share"
bits = { linear = 4 }
[[stage]]
do = "round"
[[stage]]
do = "code"
coder = "huffman"
index_bits = 5
)";

TEST(Recipe, ReadsWhatBecomesBinary) {
  const Recipe recipe = parse_recipe(R"(
name = "binary"
[[stage]]
do = "binarize"
block = "paper"
parts = []
keep = ["fc*"]
retrain = { epochs = 3, optimizer = "adam", binary_gradient = "released" }
)",
                                     "r.toml");
  const Binarize& binarize = std::get<Binarize>(recipe.stages.at(0));
  EXPECT_TRUE(binarize.options.inputs);
  EXPECT_EQ(binarize.options.block, compress::BinaryBlock::paper);
  EXPECT_FALSE(binarize.options.scale);
  EXPECT_EQ(binarize.options.keep, (std::vector<std::string>{"fc*"}));
  EXPECT_EQ(binarize.retrain.options.epochs, 3);
  EXPECT_EQ(binarize.retrain.options.binary_gradient, "released");
}

std::string message_of(std::string_view toml) {
  try {
    parse_recipe(toml, "r.toml");
  } catch (const Error& e) {
    return e.what();
  }
  return "accepted";
}

TEST(Recipe, reads_its_stages_with_the_defaults_of_retraining) {
  const Recipe recipe = parse_recipe(kGood, "r.toml");
  ASSERT_EQ(recipe.stages.size(), 4u);
  const Prune& prune = std::get<Prune>(recipe.stages[0]);
  EXPECT_EQ(prune.rounds, 2);
  EXPECT_DOUBLE_EQ(prune.density.by_key.at("ip1"), 0.1);
  EXPECT_EQ(prune.retrain.options.epochs, 3);
  EXPECT_EQ(prune.retrain.options.batch, 32);
  EXPECT_DOUBLE_EQ(prune.retrain.rate, 0.1);
  const Share& share = std::get<Share>(recipe.stages[1]);
  EXPECT_EQ(share.options.bits.by_key.at("linear"), 4);
  EXPECT_EQ(share.options.bits.by_key.at("conv"), 8) << "the paper's default for what is not named";
  EXPECT_EQ(share.retrain.options.epochs, 0) << "no fine-tuning unless asked";
  EXPECT_EQ(write_options(recipe).coder, Coder::huffman);
  EXPECT_EQ(write_options(recipe).index_bits, 5);
}

TEST(Recipe, an_unknown_key_is_named_with_its_line_and_neighbour) {
  const std::string message = message_of("name = \"x\"\n[[stage]]\ndo = \"share\"\nbitz = 4\n");
  EXPECT_THAT(message, HasSubstr("r.toml, stage 1 (share)"));
  EXPECT_THAT(message, HasSubstr("'bitz' on line 4"));
  EXPECT_THAT(message, HasSubstr("did you mean 'bits'"));
}

TEST(Recipe, what_makes_no_sense_is_refused_in_one_sentence) {
  EXPECT_THAT(message_of("name = "), HasSubstr("line 1"));
  EXPECT_THAT(message_of("name = 'x'"), HasSubstr("no [[stage]]"));
  EXPECT_THAT(message_of("[[stage]]\nbits = 4"), HasSubstr("has no 'do"));
  EXPECT_THAT(message_of("[[stage]]\ndo = 'prunne'"), HasSubstr("did you mean 'prune'"));
  EXPECT_THAT(message_of("[[stage]]\ndo = 'prune'"), HasSubstr("needs one of density, quality"));
  EXPECT_THAT(message_of("[[stage]]\ndo = 'prune'\ndensity = 'much'"), HasSubstr("must be a number"));
  EXPECT_THAT(message_of("[[stage]]\ndo = 'share'\ninit = 'best'"), HasSubstr("linear"));
  EXPECT_THAT(message_of("[[stage]]\ndo = 'code'\nindex_bits = 99"), HasSubstr("index_bits is 99"));
  EXPECT_THAT(message_of("version = 2\n[[stage]]\ndo = 'code'"), HasSubstr("version 2"));
  EXPECT_THAT(message_of("nam = 'x'\n[[stage]]\ndo = 'code'"), HasSubstr("did you mean 'name'"));
  EXPECT_THAT(message_of("[[stage]]\ndo = 'retrain'\nteacher = 'me'"), HasSubstr("\"original\""));
  EXPECT_THAT(message_of("[[stage]]\ndo = 'retrain'\nalpha = 0.5"), HasSubstr("there is no teacher"));
}

TEST(Recipe, what_training_would_refuse_is_refused_before_it_begins) {
  EXPECT_THAT(message_of("[[stage]]\ndo = 'share'\nretrain = { schedule = 'cosin' }"),
              testing::AllOf(HasSubstr("stage 1 (share), retrain: "), HasSubstr("did you mean 'cosine'")));
  EXPECT_THAT(message_of("[[stage]]\ndo = 'retrain'\nwarmup_epochs = 2"), HasSubstr("stage 1 (retrain): "));
  EXPECT_THAT(message_of("[[stage]]\ndo = 'search'\nmax_drop = 1\nvector_bits = 40"), HasSubstr("1 to 16"));
}

TEST(Recipe, code_before_share_is_refused_and_share_before_prune_is_fine) {
  EXPECT_THAT(message_of("[[stage]]\ndo = 'code'\n[[stage]]\ndo = 'share'"), HasSubstr("must be the last"));
  EXPECT_EQ(message_of("[[stage]]\ndo = 'share'\n[[stage]]\ndo = 'prune'\ndensity = 0.5"), "accepted");
}

TEST(Recipe, the_recipes_we_ship_are_read) {
  for (const auto& entry : std::filesystem::directory_iterator(NETSUKE_SOURCE_DIR "/recipes"))
    EXPECT_FALSE(load_recipe(entry.path().string()).stages.empty()) << entry.path();
  EXPECT_THROW(load_recipe("no-such-recipe"), Error);
}

Graph small_net() {
  Builder b("small");
  const ValueId c = b.conv("conv1", b.input("data", {1, 6, 6}), 4, {3, 3});
  const ValueId f = b.apply("flat", Flatten{}, {b.apply("relu1", Relu{}, {c})});
  return b.finish({b.linear("ip1", f, 5)});
}

constexpr std::string_view kNoTraining = R"(
name = "no training"
[[stage]]
do = "prune"
density = 0.25
rounds = 3
remove_dead = false
[[stage]]
do = "share"
bits = 3
[[stage]]
do = "code"
)";

TEST(RecipeRun, prunes_in_rounds_then_shares) {
  std::vector<StepReport> steps;
  Context context;
  context.report = [&](const StepReport& r) { steps.push_back(r); };
  const Graph small = run(parse_recipe(kNoTraining, "r.toml"), small_net(), context);
  ASSERT_EQ(steps.size(), 4u);
  EXPECT_GT(steps[0].density, steps[1].density);
  EXPECT_NEAR(steps[2].density, 0.25, 0.01);
  EXPECT_LT(steps[3].bytes, steps[2].bytes);
  const Weight& weight = *small.values[find_value(small, "ip1.weight")].weight;
  EXPECT_EQ(encoding_name(weight.encoding), "sparse+codebook");
  EXPECT_EQ(value_bits(weight), 3);
}

TEST(Recipe, without_training_the_stages_stay) {
  const Recipe recipe = parse_recipe(kGood, "r.toml");
  EXPECT_TRUE(trains(recipe));
  const Recipe plain = without_training(recipe);
  EXPECT_FALSE(trains(plain));
  EXPECT_EQ(plain.stages.size(), recipe.stages.size());
  const Graph small = run(plain, small_net(), Context{});
  EXPECT_EQ(encoding_name(small.values[find_value(small, "ip1.weight")].weight->encoding), "sparse+codebook");
}

TEST(Recipe, ReadsASearch) {
  const Recipe recipe = parse_recipe(R"(
name = "s"
[[stage]]
do = "search"
max_drop = 0.25
target_size = 8000
step = 0.6
retrain = { epochs = 3 }
fine_tune = { epochs = 2, optimizer = "adam" }
)",
                                     "r.toml");
  EXPECT_TRUE(searches(recipe));
  const Search& search = std::get<Search>(recipe.stages.at(0));
  EXPECT_EQ(search.budget.max_drop, 0.25);
  EXPECT_EQ(search.budget.target_size, 8000);
  EXPECT_EQ(search.pruned.options.epochs, 3);
  EXPECT_EQ(search.shared.options.optimizer, "adam");
  EXPECT_THAT(message_of("[[stage]]\ndo = 'search'\nstep = 1.5"), HasSubstr("step is 1.5"));
}

constexpr std::string_view kReconstructs = R"(
name = "reconstructs"
[[stage]]
do = "prune"
density = 0.4
[[stage]]
do = "share"
bits = 2
[[stage]]
do = "reconstruct"
images = 64
)";

/// Images with structure, so that pixels tell of each other, and no labels.
DatasetPtr waves(int64_t count) {
  MemoryImages images{"waves", {1, 6, 6}, {}, {}, {"any"}};
  for (int64_t i = 0; i < count; ++i) {
    images.labels.push_back(0);
    for (int at = 0; at < 36; ++at)
      images.pixels.push_back(static_cast<uint8_t>(
          128 + 100 * std::sin(0.3 * static_cast<double>(i) + at * (1 + static_cast<double>(i % 5)) * 0.2)));
  }
  return make_memory_dataset(std::move(images));
}

TEST(RecipeRun, ReconstructedLayersAnswerMoreAsTheOriginalDid) {
  const Graph original = small_net();
  const DatasetPtr data = waves(200);
  Context context;
  context.data = data.get();
  const Recipe recipe = parse_recipe(kReconstructs, "r.toml");
  const Graph refitted = run(recipe, original, context), plain = run(without_training(recipe), original, {});
  Tensor batch({200, 1, 6, 6});
  std::vector<uint8_t> pixels(36);
  for (int64_t i = 0; i < 200; ++i) {
    data->pixels(i, pixels);
    apply(preprocess_of(original), pixels.data(), 1, 36, batch.data.data() + 36 * i);
  }
  const auto apart = [&](const Graph& graph) {
    const Tensor a = evaluate(original, {batch}).at(0), b = evaluate(graph, {batch}).at(0);
    double sum = 0;
    for (size_t i = 0; i < a.data.size(); ++i) sum += std::pow(static_cast<double>(a.data[i] - b.data[i]), 2);
    return sum;
  };
  EXPECT_LT(apart(refitted), apart(plain) / 4);
  const auto& before =
      std::get<SparseCodebook>(plain.values[find_value(plain, "ip1.weight")].weight->encoding);
  const auto& after =
      std::get<SparseCodebook>(refitted.values[find_value(refitted, "ip1.weight")].weight->encoding);
  EXPECT_EQ(before.positions, after.positions);
  EXPECT_THROW(run(recipe, original, Context{}), Error) << "there are no images to learn from";
}

/// Some images of which every third cannot be decoded.
class Damaged : public Dataset {
 public:
  explicit Damaged(DatasetPtr sound) : sound_(std::move(sound)) {}
  int64_t size() const override { return sound_->size() * 3 / 2; }
  const Shape& image_shape() const override { return sound_->image_shape(); }
  int label(int64_t) const override { return 0; }
  void pixels(int64_t index, std::span<uint8_t> out) const override {
    if (!sound_pixels(index, out)) fail(ErrorCode::input, "image ", index, ": cannot be decoded");
  }
  bool sound_pixels(int64_t index, std::span<uint8_t> out) const override {
    if (index % 3 == 2) return false;
    sound_->pixels(index - index / 3, out);
    return true;
  }
  const std::vector<std::string>& classes() const override { return sound_->classes(); }
  const std::string& name() const override { return sound_->name(); }

 private:
  DatasetPtr sound_;
};

TEST(RecipeRun, ImagesThatCannotBeDecodedAreNotReconstructedFrom) {
  // With as many rows as there are, which places are drawn does not depend on the order.
  const Recipe recipe = parse_recipe(std::string(kReconstructs) + "rows = 100000\n", "r.toml");
  const DatasetPtr sound = waves(32);
  const Damaged damaged(sound);
  Context context;
  context.data = &damaged;
  const Graph with_damage = run(recipe, small_net(), context);
  context.data = sound.get();
  const Graph without = run(recipe, small_net(), context);
  const auto centroids = [](const Graph& graph) {
    return std::get<SparseCodebook>(graph.values[find_value(graph, "ip1.weight")].weight->encoding).centroids;
  };
  EXPECT_THAT(centroids(with_damage), testing::Pointwise(testing::FloatNear(1e-4f), centroids(without)));
}

TEST(RecipeRun, DrawnPicturesNeedNoDataAndSayHowManyBitsALayerNeeds) {
  const Graph original = small_net();
  const auto bytes_at = [&](const std::string& tolerance) {
    const Recipe recipe = parse_recipe(
        "name = 'drawn'\n[[stage]]\ndo = 'share'\nbits = 8\n[[stage]]\ndo = 'reconstruct'\n"
        "drawn = true\nimages = 64\nridge = 0.1\ntolerance = " +
            tolerance,
        "d.toml");
    const Graph graph = run(recipe, original, Context{});
    EXPECT_EQ(to_dense(*run(without_training(recipe), original, Context{})
                            .values[find_value(graph, "conv1.weight")]
                            .weight),
              to_dense(*graph.values[find_value(graph, "conv1.weight")].weight))
        << "what a recipe gives is told with the pictures it draws";
    return write_model(graph, {}).bytes.size();
  };
  EXPECT_LT(bytes_at("0.01"), bytes_at("0.0001"));
  EXPECT_THAT(message_of("[[stage]]\ndo = 'reconstruct'\nimages = 3\ntolerance = 0.001"),
              HasSubstr("expected 4 or more"));
  EXPECT_THAT(message_of("[[stage]]\ndo = 'reconstruct'\ntolerance = 1.0"), HasSubstr("tolerance is 1"));
  EXPECT_THAT(message_of("[[stage]]\ndo = 'fold'\n[[stage]]\ndo = 'reconstruct'"), HasSubstr("behind fold"));
}

TEST(RecipeRun, LayersThatShareAWeightAreNotFittedForEither) {
  Builder b("tied");
  ValueId x = b.input("data", {4, 6, 6});
  for (const char* name : {"a", "b"}) x = b.conv(name, x, 4, {1, 1});
  Graph tied = b.finish({x});
  tied.nodes[1].inputs[1] = tied.nodes[0].inputs[1];
  const Recipe recipe = parse_recipe(
      "name = 't'\n[[stage]]\ndo = 'reconstruct'\ndrawn = true\nimages = 8\ntolerance = 0.01", "t.toml");
  const Graph graph = run(recipe, tied, Context{});
  EXPECT_EQ(*graph.values[graph.nodes[0].inputs[1]].weight, *tied.values[tied.nodes[0].inputs[1]].weight);
}

TEST(RecipeRun, WhereNoPictureCanBeDrawnLayersStayAsTheyAre) {
  Builder b("flat");
  const Graph flat = b.finish({b.linear("ip", b.input("data", {12}), 5)});
  const Recipe recipe = parse_recipe(
      "name = 'f'\n[[stage]]\ndo = 'reconstruct'\ndrawn = true\nimages = 8\ntolerance = 0.01", "f.toml");
  const Graph graph = run(recipe, flat, Context{});
  EXPECT_EQ(*graph.values[find_value(graph, "ip.weight")].weight,
            *flat.values[find_value(flat, "ip.weight")].weight);
}

TEST(RecipeRun, SignsAreNotSharedByATolerance) {
  const Recipe recipe = parse_recipe(R"(
name = "binary"
[[stage]]
do = "binarize"
method = "bwn"
ends = true
[[stage]]
do = "reconstruct"
drawn = true
images = 8
tolerance = 0.001
)",
                                     "b.toml");
  const auto signs = [](const Graph& graph) {
    return std::ranges::count_if(graph.values, [](const Value& value) {
      return value.weight && std::holds_alternative<Signs>(value.weight->encoding);
    });
  };
  EXPECT_EQ(signs(run(recipe, small_net(), Context{})), 2);
}

TEST(RecipeRun, retraining_without_data_is_a_usage_error_before_any_work) {
  EXPECT_THROW(run(parse_recipe(kGood, "r.toml"), small_net(), Context{}), Error);
}

TEST(RecipeRun, an_interrupted_run_resumes_to_the_same_bytes) {
  const Recipe recipe = parse_recipe(kNoTraining, "r.toml");
  const Bytes expected = write_model(run(recipe, small_net(), Context{})).bytes;
  const std::string folder = testing::TempDir() + "netsuke_recipe_resume";
  std::filesystem::remove_all(folder);
  std::atomic<bool> stop{false};
  Context context;
  context.work_folder = folder;
  context.log.stop = &stop;
  std::vector<StepReport> steps;
  context.report = [&](const StepReport& step) {
    steps.push_back(step);
    stop = steps.size() == 2;
  };
  try {
    run(recipe, small_net(), context);
    FAIL() << "was not interrupted";
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), ErrorCode::interrupted);
    EXPECT_THAT(e.what(), HasSubstr("--resume"));
  }
  stop = false;
  context.resume = true;
  const std::vector<StepReport> before = std::exchange(steps, {});
  context.report = [&](const StepReport& step) { steps.push_back(step); };
  EXPECT_EQ(write_model(run(recipe, small_net(), context)).bytes, expected);
  ASSERT_EQ(steps.size(), 4u) << "the report of a whole run";
  for (size_t i = 0; i < before.size(); ++i) {
    EXPECT_EQ(steps[i].label, before[i].label);
    EXPECT_EQ(steps[i].seconds, before[i].seconds) << "a finished step was done again";
  }
  EXPECT_FALSE(std::filesystem::exists(folder)) << "the work folder was left behind";
}

TEST(RecipeRun, AnInterruptedRunDoesNotGoOnWithOtherImages) {
  const Recipe recipe = parse_recipe(kReconstructs, "r.toml");
  const DatasetPtr before = waves(64), other = waves(65);
  std::atomic<bool> stop{false};
  Context context;
  context.data = before.get();
  context.work_folder = testing::TempDir() + "netsuke_recipe_images";
  context.log.stop = &stop;
  context.report = [&](const StepReport&) { stop = true; };
  EXPECT_THROW(run(recipe, small_net(), context), Error);
  stop = false;
  context.report = [](const StepReport&) {};
  context.resume = true;
  context.data = other.get();
  try {
    run(recipe, small_net(), context);
    ADD_FAILURE() << "went on";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("data set"));
  }
  context.data = before.get();
  EXPECT_NO_THROW(run(recipe, small_net(), context));
  std::filesystem::remove_all(context.work_folder);
}

TEST(RecipeRun, another_models_work_folder_is_refused) {
  const Recipe recipe = parse_recipe(kNoTraining, "r.toml");
  const std::string folder = testing::TempDir() + "netsuke_recipe_other";
  std::filesystem::create_directories(folder);
  write_file(folder + "/state", "1\nanother run\n");
  Context context;
  context.work_folder = folder;
  context.resume = true;
  EXPECT_THROW(run(recipe, small_net(), context), Error);
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace netsuke::recipe
