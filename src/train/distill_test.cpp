// Distillation through the module: students learn what teachers answer, and teachers are asked no more than
// needed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>

#include "base/error.h"
#include "data/relabel.h"
#include "train/test_runs.h"

namespace netsuke::train {
namespace {

TEST(Distill, StudentLearnsFromItsTeacherWhereLabelsSayNothing) {
  const DatasetPtr data = quadrants(800, 1), held_out = quadrants(400, 2);
  const Graph teacher = run(small_net(), *data, short_run()).graph;
  MemoryImages blind{"blind", {1, 8, 8}, {}, std::vector<uint8_t>(800, 0), data->classes()};
  blind.pixels.resize(800 * 64);
  for (int64_t i = 0; i < 800; ++i)
    data->pixels(i, std::span(blind.pixels).subspan(static_cast<size_t>(i) * 64, 64));
  Options options = short_run();
  options.distill_alpha = 1;
  options.distill_temperature = 3;
  const Result result = run(small_net(9), *make_memory_dataset(blind), options, nullptr, &teacher);
  EXPECT_LT(error_percent(result.graph, *held_out), 3);
}

TEST(Distill, NeedsNoLabelsAndRefusesTheirLackWithoutATeacher) {
  const DatasetPtr data = quadrants(800, 1), held_out = quadrants(400, 2);
  const Graph teacher = run(small_net(), *data, short_run()).graph;
  Options options = short_run();
  options.distill_alpha = 0.8;
  EXPECT_LT(error_percent(run(small_net(9), *forget_labels(data, 0, 1), options, nullptr, &teacher).graph,
                          *held_out),
            3);
  EXPECT_LT(error_percent(run(small_net(9), *forget_labels(data, 80, 1), options, nullptr, &teacher).graph,
                          *held_out),
            3);
  EXPECT_THROW(run(small_net(9), *forget_labels(data, 80, 1), short_run()), Error);
}

TEST(Distill, TeachersAnswerInBf16WhereTheMachineHasIt) {
  const DatasetPtr data = quadrants(800, 1), held_out = quadrants(400, 2);
  Builder net("normed", 3);
  ValueId x = net.input("data", {1, 8, 8});
  x = net.batch_norm("norm", net.conv("conv", x, 8, {3, 3}, {.stride = {2, 2}, .pad = {1, 1, 1, 1}}));
  x = net.apply("flatten", Flatten{}, {net.apply("relu", Relu{}, {x})});
  const Graph teacher = run(net.finish({net.linear("scores", x, 4)}), *data, short_run()).graph;
  Options options = short_run();
  options.distill_alpha = 1;
  options.precision = "bf16";
  try {
    const Graph student = run(small_net(9), *forget_labels(data, 0, 1), options, nullptr, &teacher).graph;
    EXPECT_LT(error_percent(student, *held_out), 3) << "all that it knows is what the teacher answers";
  } catch (const Error& refusal) {
    ASSERT_THAT(refusal.what(), testing::HasSubstr("no bf16 convolution"));
    GTEST_SKIP() << refusal.what();
  }
}

TEST(Distill, MatchesLogits) {
  const DatasetPtr data = quadrants(800, 1), held_out = quadrants(400, 2);
  const Graph teacher = run(small_net(), *data, short_run()).graph;
  Options options = short_run();
  options.distill_alpha = 1;
  options.match_logits = true;
  options.learning_rate = 0.02;
  EXPECT_LT(error_percent(run(small_net(9), *data, options, nullptr, &teacher).graph, *held_out), 3);
}

// Each of two teachers is blind for two of the classes; together they know all four.
TEST(Distill, SeveralTeachersKnowMoreThanEach) {
  const DatasetPtr data = quadrants(800, 1), held_out = quadrants(400, 2);
  const auto blind_to = [&](int first) {
    MemoryImages images{"blind", {1, 8, 8}, {}, {}, data->classes()};
    std::vector<uint8_t> pixels(64);
    for (int64_t i = 0; i < data->size(); ++i) {
      data->pixels(i, pixels);
      images.pixels.insert(images.pixels.end(), pixels.begin(), pixels.end());
      const int label = data->label(i), other = (first + static_cast<int>(i) % 4) % 4;
      images.labels.push_back(static_cast<uint8_t>(label == first || label == first + 1 ? other : label));
    }
    return run(small_net(1 + static_cast<uint64_t>(first)), *make_memory_dataset(std::move(images)),
               short_run())
        .graph;
  };
  const std::vector<Graph> teachers{blind_to(0), blind_to(2)};
  for (const Graph& teacher : teachers) EXPECT_GT(error_percent(teacher, *held_out), 20);
  Options options = short_run();
  options.distill_alpha = 1;
  options.distill_temperature = 2;
  const Graph student = module().train(small_net(9), *data, nullptr, teachers, options, Log()).graph;
  EXPECT_LT(error_percent(student, *held_out), 5);
}

TEST(Distill, AnswersAreKeptForOtherStudentsAndNotForOtherTeachers) {
  const DatasetPtr data = quadrants(200, 1);
  const std::string path = testing::TempDir() + "netsuke_teacher_answers";
  std::filesystem::remove(path);
  Options options = short_run();
  options.epochs = 2;
  options.distill_alpha = 1;
  int asked = 0;
  Log log;
  log.progress = [&](const Progress& progress) { asked += progress.job == "teach" ? 1 : 0; };
  const auto taught = [&](const Graph& teacher) {
    asked = 0;
    return module().train(small_net(9), *data, nullptr, {teacher}, options, log).graph;
  };
  const Graph without = taught(small_net(1));
  EXPECT_GT(asked, 0);
  options.teacher_answers = path;
  EXPECT_EQ(taught(small_net(1)), without);
  EXPECT_GT(asked, 0);
  EXPECT_EQ(taught(small_net(1)), without);
  EXPECT_EQ(asked, 0);
  EXPECT_NE(taught(small_net(2)), without);
  EXPECT_GT(asked, 0);
  std::filesystem::remove(path);
}

TEST(Distill, WhoWasInterruptedGoesOnWithTheNextTeacher) {
  const DatasetPtr data = quadrants(600, 1);
  const std::string path = testing::TempDir() + "netsuke_answers_of_some";
  std::filesystem::remove(path);
  Options options = short_run();
  options.epochs = 1, options.distill_alpha = 1, options.teacher_answers = path;
  uint64_t first = 0, done = 0;
  bool stops = true;
  std::atomic<bool> stop = false;
  Log log;
  log.stop = &stop;
  log.progress = [&](const Progress& progress) {
    if (progress.job != "teach") return;
    if (first == 0) first = progress.done;
    done = progress.done;
    stop = stops && done > 600;  // in the midst of the second's
  };
  const std::vector<Graph> teachers{small_net(1), small_net(2), small_net(3)};
  const auto taught = [&] {
    first = done = 0;
    return module().train(small_net(9), *data, nullptr, teachers, options, log).graph;
  };
  EXPECT_THROW(taught(), Error);
  stops = stop = false;
  const Graph graph = taught();
  EXPECT_EQ(first, 600u + 256u);
  EXPECT_EQ(done, 1800u);
  options.teacher_answers.clear();
  EXPECT_EQ(taught(), graph);
  EXPECT_EQ(first, 256u);
  std::filesystem::remove(path);
}

TEST(Distill, TeachersAnswerEachVersionOfAnImageOnce) {
  const DatasetPtr data = quadrants(200, 1), held_out = quadrants(400, 2);
  const std::string path = testing::TempDir() + "netsuke_answers_to_versions";
  std::filesystem::remove(path);
  const Graph teacher = run(small_net(), *quadrants(800, 3), short_run()).graph;
  Options options = short_run();
  options.epochs = 12, options.distill_alpha = 1, options.shift = 1, options.versions = 3;
  options.teacher_answers = path;
  uint64_t answers = 0;
  Log log;
  log.progress = [&](const Progress& progress) {
    if (progress.job == "teach") answers = progress.done;
  };
  const auto taught = [&] {
    answers = 0;
    return module().train(small_net(9), *forget_labels(data, 0, 1), nullptr, {teacher}, options, log).graph;
  };
  const Graph first = taught();
  EXPECT_EQ(answers, 3u * 200u);
  EXPECT_LT(error_percent(first, *held_out), 5) << "all that it knows is what the teacher answers";
  EXPECT_EQ(taught(), first);
  EXPECT_EQ(answers, 0u);
  options.versions = 2;
  EXPECT_NE(taught(), first);
  EXPECT_EQ(answers, 2u * 200u);
  std::filesystem::remove(path);
}

// What a teacher says of an image that is moved by half its side has little to do with what it says of the
// image.
TEST(Distill, AnswersAreThoseToTheVersionThatIsShown) {
  const DatasetPtr data = quadrants(400, 1);
  const Graph teacher = run(small_net(), *quadrants(800, 3), short_run()).graph;
  Options options = short_run();
  options.epochs = 12, options.distill_alpha = 1, options.distill_temperature = 1, options.shift = 4;
  const auto loss = [&](int versions) {
    options.versions = versions;
    const Graph student = small_net(9, true, 0);
    return run(student, *forget_labels(data, 0, 1), options, nullptr, &teacher).epochs.back().loss;
  };
  EXPECT_LT(loss(3), 1.1 * loss(0)) << "teachers that see each batch";
}

}  // namespace
}  // namespace netsuke::train
