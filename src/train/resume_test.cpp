// An interrupted and resumed run ends with the very weights of one that was left alone.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/error.h"
#include "base/file.h"
#include "train/test_data.h"
#include "train/test_runs.h"
#include "train/train.h"

namespace netsuke::train {
namespace {

using testing::HasSubstr;

class Resume : public testing::Test {
 protected:
  Resume() {
    options_.epochs = 4;
    options_.batch = 16;
    options_.shift = 1;
    options_.threads = 1;
    log_.stop = &stop_;
  }
  ~Resume() override { std::filesystem::remove(path_); }

  Result run() const { return module().train(graph_, *data_, validation_.get(), {}, options_, log_); }
  void expect_refusal(const std::string& part) const {
    try {
      run();
      FAIL() << "went on without complaint";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::input);
      EXPECT_THAT(error.what(), HasSubstr(part));
    }
  }
  void set(const std::string& name, Encoding encoding) { set_weight(graph_, name, std::move(encoding)); }
  /// Runs with a checkpoint until `log_` sets stop_.
  void run_until_stopped() {
    options_.checkpoint = path_;
    try {
      run();
      FAIL() << "was not stopped";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::interrupted);
      EXPECT_THAT(error.what(), HasSubstr("--resume"));
    }
    stop_ = false;
    log_ = Log();
    options_.resume = true;
  }
  void expect_same_as_uninterrupted() {
    const Result resumed = run();
    options_.checkpoint.clear();
    options_.resume = false;
    const Result whole = run();
    EXPECT_EQ(resumed.graph, whole.graph);
    EXPECT_EQ(resumed.best_epoch, whole.best_epoch);
    ASSERT_EQ(resumed.epochs.size(), whole.epochs.size());
    for (size_t i = 0; i < whole.epochs.size(); ++i) {
      EXPECT_EQ(resumed.epochs[i].loss, whole.epochs[i].loss) << i;
      EXPECT_EQ(resumed.epochs[i].validation_error, whole.epochs[i].validation_error) << i;
    }
  }

  std::string path_ = testing::TempDir() + "netsuke_resume_test_" +
                      testing::UnitTest::GetInstance()->current_test_info()->name();
  Graph graph_ = small_net();
  DatasetPtr data_ = quadrants(200, 1), validation_ = quadrants(50, 2);
  Options options_;
  std::atomic<bool> stop_ = false;
  Log log_;
};

TEST_F(Resume, AfterAnEpoch) {
  log_.line = [&](std::string_view) { stop_ = true; };
  run_until_stopped();
  expect_same_as_uninterrupted();
}

TEST_F(Resume, InTheMiddleOfAnEpoch) {
  log_.progress = [&](const Progress&) { stop_ = true; };  // the first reading comes after the first step
  run_until_stopped();
  expect_same_as_uninterrupted();
}

// What a kill leaves that comes behind an epoch's last step and before its validation.
TEST_F(Resume, BetweenAnEpochsLastStepAndItsEnd) {
  options_.checkpoint = path_;
  options_.checkpoint_minutes = 0;  // after every step
  const std::string killed = path_ + ".killed";
  int lines = 0;
  log_.line = [&](std::string_view) {
    if (++lines == 2) std::filesystem::copy_file(path_, killed);
  };
  run();
  std::filesystem::rename(killed, path_);
  log_ = Log();
  options_.resume = true;
  expect_same_as_uninterrupted();
}

TEST_F(Resume, OfSharedAndSparseWeights) {
  set("scores.weight", Sparse{{1, 5, 40}, {0.5f, -0.5f, 1}});
  set("hidden.weight", SparseCodebook{{-0.1f, 0.2f}, {0, 100, 700, 1500}, {1, 0, 1, 1}});
  log_.progress = [&](const Progress&) { stop_ = true; };
  run_until_stopped();
  expect_same_as_uninterrupted();
}

TEST_F(Resume, UnderSurgeryWithTheWeightsThatWereKeptThen) {
  options_.surgery = true;
  set("scores.weight", Sparse{{1, 5, 40}, {0.1f, -0.1f, 0.1f}});
  log_.progress = [&](const Progress&) { stop_ = true; };
  run_until_stopped();
  expect_same_as_uninterrupted();
  EXPECT_NE(std::get<Sparse>(weight(graph_, "scores.weight").encoding).positions,
            std::get<Sparse>(weight(run().graph, "scores.weight").encoding).positions);
}

TEST_F(Resume, OfAFinishedRunGivesItsResultAgain) {
  options_.checkpoint = path_;
  const Result first = run();
  options_.resume = true;
  EXPECT_EQ(run().graph, first.graph);
}

TEST_F(Resume, WithoutACheckpointStartsFromTheBeginning) {
  options_.checkpoint = path_;
  options_.resume = true;
  EXPECT_EQ(run().epochs.size(), 4u);
}

TEST_F(Resume, RefusesACheckpointOfOtherOptions) {
  options_.checkpoint = path_;
  run();
  options_.resume = true;
  options_.learning_rate *= 2;
  expect_refusal("other options");
}

TEST_F(Resume, RefusesADamagedCheckpoint) {
  options_.checkpoint = path_;
  run();
  Bytes bytes = read_file(path_);
  bytes[bytes.size() / 2] ^= 1;
  write_file(path_, bytes);
  options_.resume = true;
  expect_refusal("damaged");
}

TEST_F(Resume, StoppingWithoutACheckpointIsReportedToo) {
  stop_ = true;
  EXPECT_THROW(run(), Error);
}

}  // namespace
}  // namespace netsuke::train
