// The search through the training module: it keeps its budget, and goes on from where it was stopped.
#include "recipe/search.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <numeric>

#include "base/clock.h"
#include "base/error.h"
#include "base/text.h"
#include "data/relabel.h"
#include "graph/evaluate.h"
#include "graph/preprocess.h"
#include "train/test_data.h"

namespace netsuke::recipe {
namespace {

using testing::HasSubstr;

constexpr std::string_view kSearch = R"(
name = "tiny search"
[retraining]
learning_rate = 0.05
batch = 32
[[stage]]
do = "search"
step = 0.6
least_step = 0.2
retrain = { epochs = 2 }
fine_tune = { epochs = 1, optimizer = "adam", learning_rate = 0.001 }
curvature_images = 128
)";

Recipe pruned_and_retrained(std::string_view how) {
  return parse_recipe(
      cat("name = \"one round\"\n[[stage]]\ndo = \"prune\"\ndensity = 0.9\nretrain = { ", how, " }\n"),
      "r.toml");
}

/// Per cent of `data` that the slow reference gets wrong.
double error_of(const Graph& graph, const Dataset& data) {
  Tensor batch({data.size(), 1, 8, 8});
  std::vector<uint8_t> pixels(64);
  for (int64_t i = 0; i < data.size(); ++i) {
    data.pixels(i, pixels);
    apply(preprocess_of(graph), pixels.data(), 1, 64, batch.data.data() + 64 * i);
  }
  const Tensor scores = evaluate(graph, {batch}).at(0);
  int wrong = 0;
  for (int64_t i = 0; i < data.size(); ++i) {
    const auto row = scores.data.begin() + 4 * i;
    wrong += std::max_element(row, row + 4) - row != data.label(i);
  }
  return 100.0 * wrong / static_cast<double>(data.size());
}

class SearchTest : public testing::Test {
 protected:
  SearchTest() {
    train::Options options;
    options.epochs = 8;
    options.batch = 32;
    options.threads = 1;
    original_ = train::module().train(train::small_net(), *data_, nullptr, {}, options, Log()).graph;
    context_.data = data_.get();
    context_.validation = held_out_.get();
    context_.validation_error = [&](const Graph& g) { return error_of(g, *held_out_); };
    context_.threads = 1;
    context_.report = [&](const StepReport& r) { steps_.push_back(r); };
    context_.best_so_far = [&](const Written& written) { kept_.push_back(written); };
  }
  Graph find(const Budget& budget, double first_step = 0.4) {
    Recipe recipe = parse_recipe(kSearch, "r.toml");
    auto& settings = std::get<Search>(recipe.stages[0]);
    settings.budget = budget;
    settings.first_step = first_step;
    return run(recipe, original_, context_);
  }

  using Lines = std::vector<std::string>;
  /// The lines with `part` that a whole run logs, and those that one logs which goes on after it was stopped
  /// at the first of them. Both make the same file.
  std::pair<Lines, Lines> stopped_at(std::string_view part, const Recipe& recipe) {
    Lines lines;
    std::atomic<bool> stop{false};
    bool stops = false;
    context_.log.line = [&](std::string_view line) {
      if (line.find(part) == std::string_view::npos) return;
      lines.emplace_back(line);
      stop = stops;
    };
    context_.log.stop = &stop;
    const Bytes expected = write_model(run(recipe, original_, context_)).bytes;
    const Lines whole = std::exchange(lines, {});
    context_.work_folder = testing::TempDir() + "netsuke_stopped_" +
                           testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::remove_all(context_.work_folder);
    stops = true;
    EXPECT_THROW(run(recipe, original_, context_), Error);
    lines.clear();
    stop = stops = false;
    context_.resume = true;
    EXPECT_EQ(write_model(run(recipe, original_, context_)).bytes, expected);
    context_.log = Log();
    return {whole, lines};
  }

  /// Nothing is found, and the error says why.
  void expect_refusal(const Budget& budget, ErrorCode code, const std::string& why) {
    try {
      find(budget);
      ADD_FAILURE() << "kept what cannot be kept";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), code);
      EXPECT_THAT(error.what(), HasSubstr(why));
    }
    EXPECT_TRUE(kept_.empty());
  }

  DatasetPtr data_ = train::quadrants(384, 1), held_out_ = train::quadrants(256, 2);
  Graph original_;
  Context context_;
  std::vector<StepReport> steps_;
  std::vector<Written> kept_;
};

TEST_F(SearchTest, KeepsTheSizeThatIsAskedForAndHandsOverWhatItFinds) {
  const Graph small = find({.max_drop = {}, .target_size = 900, .target_ms = {}});
  EXPECT_LE(write_model(small).bytes.size(), 900u);
  ASSERT_FALSE(kept_.empty());
  EXPECT_LE(kept_.back().bytes.size(), 900u) << "a file that does not keep the budget was handed over";
  EXPECT_GT(steps_.size(), 2u);
  EXPECT_LT(error_of(small, *held_out_), 40) << "four classes: chance is 75 %";
}

TEST_F(SearchTest, LosesNoMoreThanItMayAndGetsSmaller) {
  const Graph small = find({.max_drop = 3, .target_size = {}, .target_ms = {}});
  EXPECT_LE(error_of(small, *held_out_), error_of(original_, *held_out_) + 3);
  for (size_t i = 1; i < kept_.size(); ++i) EXPECT_LT(kept_[i].bytes.size(), kept_[i - 1].bytes.size());
  EXPECT_LT(kept_.back().bytes.size(), write_model(original_).bytes.size() / 4);
}

TEST_F(SearchTest, KeepsTheTimeThatIsAskedForAndTakesWeightsOnlyWhereThatHelps) {
  // A machine of which only the layer `hidden` gets faster, in proportion to the weights that it keeps.
  // The model was measured while something else ran: all of it takes twice as long.
  context_.time_model = [](const Graph& g) {
    return TimeModel{[](const std::string& layer, int64_t kept) {
                       return layer == "hidden" ? 2000.0 * static_cast<double>(kept) : 2e4;
                     },
                     6e5 - 2e4 * static_cast<double>(compress::weight_targets(g).size() - 1)};
  };
  const auto weight_of = [](const Graph& graph, const std::string& layer) -> const Weight& {
    for (const compress::Target& target : compress::weight_targets(graph))
      if (target.name == layer) return *graph.values[target.value].weight;
    throw std::out_of_range(layer);
  };
  context_.milliseconds = [&](const Graph& g) {
    return 0.3 + 0.001 * static_cast<double>(kept_count(weight_of(g, "hidden")));
  };
  const double target = context_.milliseconds(original_) / 3;
  const Graph small = find({.max_drop = {}, .target_size = {}, .target_ms = target});
  EXPECT_LE(context_.milliseconds(small), target);
  EXPECT_GT(context_.milliseconds(small), 0.8 * target) << "pruned more than was asked for";
  // The layer after `hidden` may lose what it reads of units that died; the one before has no reason to lose
  // any.
  EXPECT_EQ(kept_count(weight_of(small, "conv")), weight_count(weight_of(small, "conv")));
  EXPECT_LT(error_of(small, *held_out_), 40) << "four classes: chance is 75 %";
}

TEST_F(SearchTest, EndsWhereNothingMakesItFaster) {
  context_.time_model = [](const Graph&) {
    return TimeModel{[](const std::string&, int64_t) { return 1e5; }};
  };
  context_.milliseconds = [](const Graph&) { return 0.5; };
  try {
    find({.max_drop = {}, .target_size = {}, .target_ms = 0.1});
    FAIL() << "kept an impossible budget";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::budget);
    EXPECT_THAT(error.what(), HasSubstr("and 0.500 ms"));
  }
}

TEST_F(SearchTest, AShorterFirstStepKeepsMore) {
  const Budget budget{.max_drop = 3, .target_size = {}, .target_ms = {}};
  find(budget);
  const std::vector<StepReport> longer = std::move(steps_);
  steps_.clear();
  find(budget, 0.7);
  EXPECT_GT(steps_[0].bytes, longer[0].bytes);
  EXPECT_GT(steps_[0].density, longer[0].density);
}

TEST(SearchRecipe, StepsAreShares) {
  for (const char* key : {"first_step", "step", "least_step"}) {
    try {
      parse_recipe(cat("[[stage]]\ndo = \"search\"\n", key, " = 1.5\n"), "r.toml");
      FAIL() << key;
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), HasSubstr(cat(key, " is 1.5, expected a share between 0 and 1")));
    }
  }
}

TEST_F(SearchTest, WhereImagesAreFewLayersAreRefitted) {
  std::vector<int64_t> first(64);
  std::iota(first.begin(), first.end(), 0);
  const DatasetPtr few = subset(data_, first, "few");
  context_.data = few.get();
  const auto error = [&](const char* images) {
    Recipe recipe = parse_recipe(cat(R"(
      name = "few"
      [[stage]]
      do = "search"
      target_size = 500
      retrain = { epochs = 0 }
      fine_tune = { epochs = 0 }
      refit_images = )",
                                     images),
                                 "r.toml");
    return error_of(run(recipe, original_, context_), *held_out_);
  };
  const double without = error("0"), with = error("64");
  EXPECT_LT(with, without / 2) << without;
}

TEST_F(SearchTest, ASizeThatMustBeMetIsUsedUpByMoreValues) {
  const Recipe recipe = parse_recipe(R"(
    name = "roomy"
    [[stage]]
    do = "search"
    target_size = 1200
    most_clusters = 2
    retrain = { epochs = 0 }
    fine_tune = { epochs = 0 }
  )",
                                     "r.toml");
  const size_t bytes = write_model(run(recipe, original_, context_)).bytes.size();
  EXPECT_LE(bytes, 1200u);
  EXPECT_GT(bytes, 1000u) << "two values a layer take no more than 500";
}

TEST_F(SearchTest, SaysHowCloseItCameToWhatIsImpossible) {
  expect_refusal({.max_drop = -200, .target_size = {}, .target_ms = {}}, ErrorCode::budget,
                 "the closest lost");
}

TEST_F(SearchTest, ARecipeMayBeginWithTraining) {
  const Recipe recipe = parse_recipe(R"(
    name = "binary"
    [[stage]]
    do = "binarize"
    method = "bwn"
    retrain = { epochs = 1, teacher = "original" }
  )",
                                     "r.toml");
  const std::string folder = testing::TempDir() + "netsuke_recipe_begins_with_training";
  std::filesystem::remove_all(folder);
  context_.work_folder = folder;
  const Graph binary = run(recipe, original_, context_);
  EXPECT_LT(error_of(binary, *held_out_), 10);
  EXPECT_FALSE(std::filesystem::exists(folder));
}

TEST_F(SearchTest, RetrainingThatHarmsIsUndone) {
  const Recipe recipe = pruned_and_retrained("epochs = 3, learning_rate = 0.05, batch = 32");
  std::vector<int> wrong;
  for (int64_t i = 0; i < data_->size(); ++i) wrong.push_back((data_->label(i) + 1) % 4);
  const DatasetPtr mislabelled = with_labels(data_, wrong, data_->classes(), "mislabelled");
  context_.data = mislabelled.get();
  std::vector<std::string> lines;
  context_.log.line = [&](std::string_view line) { lines.emplace_back(line); };
  const Graph kept = run(recipe, original_, context_);
  EXPECT_LT(error_of(kept, *held_out_), 20);
  EXPECT_THAT(lines, testing::Contains(HasSubstr("is undone")));
}

TEST_F(SearchTest, RetrainsAtARateThatTheNetworkBearsWhereNoneIsRecorded) {
  const Recipe recipe = pruned_and_retrained("epochs = 2, rate = 1000.0, batch = 32");
  std::vector<std::string> lines;
  context_.log.line = [&](std::string_view line) { lines.emplace_back(line); };
  original_.metadata.erase("train.learning_rate");
  EXPECT_LT(error_of(run(recipe, original_, context_), *held_out_), 10);
  EXPECT_THAT(lines, testing::Contains(HasSubstr(", not at 10: the loss of the first steps is ")));
  EXPECT_THAT(lines, testing::Not(testing::Contains(HasSubstr("is undone"))));
}

TEST_F(SearchTest, RatesAreNotTriedAgainAfterAStop) {
  original_.metadata.erase("train.learning_rate");
  const auto [whole, resumed] =
      stopped_at(", not at 10: ", pruned_and_retrained("epochs = 2, rate = 1000.0, batch = 32"));
  EXPECT_EQ(whole.size(), 1u);
  EXPECT_THAT(resumed, testing::IsEmpty());
}

TEST_F(SearchTest, EndsWithAFileWhenItsMinutesAreOver) {
  Recipe recipe = parse_recipe(kSearch, "r.toml");
  auto& settings = std::get<Search>(recipe.stages[0]);
  settings.budget.max_drop = 100;           // whatever there is time for will do
  settings.pruned.options.epochs = 10'000;  // hours
  settings.minutes = 0.05;
  const Clock::time_point start = Clock::now();
  run(recipe, original_, context_);
  EXPECT_LT(seconds_since(start), 60) << "a retraining was not shortened to its part of three seconds";
  EXPECT_FALSE(kept_.empty());
}

TEST_F(SearchTest, TheSlowerRetrainingGoesOnAfterAStop) {
  const auto [whole, resumed] = stopped_at(
      "is undone", pruned_and_retrained("epochs = 2, learning_rate = 10.0, batch = 32, clip_norm = 1.0"));
  EXPECT_THAT(whole, testing::ElementsAre(HasSubstr("at 10 is undone"))) << "the slower one was kept";
  EXPECT_THAT(resumed, testing::IsEmpty()) << "the fast one was made again";
}

TEST_F(SearchTest, RefusesANetworkThatGuesses) {
  original_ = train::small_net();
  context_.validation_error = [](const Graph&) { return 75.0; };
  // Of four classes a quarter is right by chance.
  expect_refusal({.max_drop = {}, .target_size = 900, .target_ms = {}}, ErrorCode::input,
                 "search: the network it starts from is right about 25.00 % of the images");
}

TEST_F(SearchTest, NeedsABudgetAndHeldOutImages) {
  EXPECT_THROW(find({}), Error);
  context_.validation_error = nullptr;
  EXPECT_THROW(find({.max_drop = 1, .target_size = {}, .target_ms = {}}), Error);
}

TEST_F(SearchTest, GoesOnAfterAStopToTheSameBytes) {
  const Budget budget{.max_drop = {}, .target_size = 900, .target_ms = {}};
  const Bytes expected = write_model(find(budget)).bytes;
  const size_t attempts = steps_.size();
  steps_.clear();
  const std::string folder = testing::TempDir() + "netsuke_search_resume";
  std::filesystem::remove_all(folder);
  std::atomic<bool> stop{false};
  context_.work_folder = folder;
  context_.log.stop = &stop;
  context_.report = [&](const StepReport& r) {
    steps_.push_back(r);
    stop = !context_.resume && steps_.size() == 2;
  };
  try {
    find(budget);
    FAIL() << "was not interrupted";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::interrupted);
    EXPECT_THAT(error.what(), HasSubstr("after 2 attempts"));
  }
  stop = false;
  const std::vector<StepReport> finished = std::exchange(steps_, {});
  context_.resume = true;
  Budget another = budget;
  another.target_size = 800;
  EXPECT_THROW(find(another), Error) << "attempts at another budget";
  EXPECT_EQ(write_model(find(budget)).bytes, expected);
  ASSERT_EQ(steps_.size(), attempts) << "a resumed search tells of all its attempts";
  for (size_t i = 0; i < finished.size(); ++i) {
    EXPECT_EQ(steps_[i].bytes, finished[i].bytes);
    EXPECT_EQ(steps_[i].seconds, finished[i].seconds) << "finished attempts were made again";
  }
  EXPECT_FALSE(std::filesystem::exists(folder));
}

}  // namespace
}  // namespace netsuke::recipe
