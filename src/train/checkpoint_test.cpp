#include "train/checkpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/error.h"
#include "base/file.h"
#include "train/test_data.h"

namespace netsuke::train {
namespace {

using testing::HasSubstr;

class CheckpointFile : public testing::Test {
 protected:
  ~CheckpointFile() override { std::filesystem::remove(path_); }

  Checkpoint example() const {
    Checkpoint c;
    c.fingerprint = 7;
    c.step = 12;
    c.steps = 40;
    c.loss_sum = 3.25;
    c.wrong = 5;
    c.epochs = {{1, 2, 3, 4, 5}, {6, 7, 8, 9, 10}};
    c.best_epoch = 1;
    c.now = {{{1, 2, 3}, {4}}, {{5, 6}}};
    c.first = {{0.5f, 0, 0}, {1}};
    c.second = {{}, {2}};
    c.average.learned = c.now.learned;
    c.average.measured = c.now.measured;
    c.best = {{{7, 8, 9}, {10}}, {{11, 12}}};
    return c;
  }
  std::string refusal(const Checkpoint& like) const {
    try {
      read_checkpoint(path_, like);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::input);
      return error.what();
    }
    return "read without complaint";
  }

  std::string path_ = testing::TempDir() + "netsuke_checkpoint_test_" +
                      testing::UnitTest::GetInstance()->current_test_info()->name();
};

TEST_F(CheckpointFile, ReadsBackWhatWasWritten) {
  const Checkpoint c = example();
  write_checkpoint(path_, c);
  const Checkpoint back = read_checkpoint(path_, c);
  EXPECT_EQ(back.step, 12);
  EXPECT_EQ(back.steps, 40);
  EXPECT_EQ(back.loss_sum, 3.25);
  EXPECT_EQ(back.wrong, 5);
  ASSERT_EQ(back.epochs.size(), 2u);
  EXPECT_EQ(back.epochs[1].validation_loss, 9);
  EXPECT_EQ(back.best_epoch, 1);
  EXPECT_EQ(back.now.learned, c.now.learned);
  EXPECT_EQ(back.first, c.first);
  EXPECT_EQ(back.second, c.second);
  EXPECT_EQ(back.average.learned, c.average.learned);
  EXPECT_EQ(back.average.measured, c.average.measured);
  EXPECT_EQ(back.best.measured, c.best.measured);
}

TEST_F(CheckpointFile, EveryTruncationAndFlipIsRefused) {
  write_checkpoint(path_, example());
  const Bytes whole = read_file(path_);
  for (size_t size = 0; size < whole.size(); ++size) {
    write_file(path_, ByteView(whole).first(size));
    EXPECT_THROW(read_checkpoint(path_, example()), Error) << size;
  }
  for (size_t i = 0; i < whole.size(); ++i) {
    Bytes broken = whole;
    broken[i] ^= 0x10;
    write_file(path_, broken);
    EXPECT_THROW(read_checkpoint(path_, example()), Error) << i;
  }
}

TEST_F(CheckpointFile, AnotherRunsCheckpointIsRefused) {
  write_checkpoint(path_, example());
  Checkpoint other = example();
  other.fingerprint = 8;
  EXPECT_THAT(refusal(other), HasSubstr("other options"));
  other = example();
  other.now.learned[0].push_back(1);
  EXPECT_THAT(refusal(other), HasSubstr("another network"));
}

TEST(Fingerprint, SeesWhatBearsOnTheResultAndNothingElse) {
  const DatasetPtr data = quadrants(8, 1);
  const Graph graph = small_net(1);
  Options options;
  const uint64_t base = fingerprint(graph, *data, nullptr, {}, options);
  EXPECT_NE(fingerprint(small_net(2), *data, nullptr, {}, options), base);
  EXPECT_NE(fingerprint(graph, *quadrants(8, 2), nullptr, {}, options), base);
  MemoryImages others{data->name(), data->image_shape(), {}, {}, data->classes()};
  for (int64_t i = 0; i < data->size(); ++i) others.labels.push_back(static_cast<uint8_t>(data->label(i)));
  others.pixels.resize(static_cast<size_t>(data->size() * element_count(data->image_shape())), 7);
  EXPECT_NE(fingerprint(graph, *make_memory_dataset(others), nullptr, {}, options), base)
      << "other pictures of the same name and labels";
  EXPECT_NE(fingerprint(graph, *data, data.get(), {}, options), base);
  options.learning_rate *= 2;
  EXPECT_NE(fingerprint(graph, *data, nullptr, {}, options), base);
  options = {};
  options.checkpoint = "elsewhere";
  options.threads = 7;
  options.minutes = 5;
  EXPECT_EQ(fingerprint(graph, *data, nullptr, {}, options), base);
}

}  // namespace
}  // namespace netsuke::train
