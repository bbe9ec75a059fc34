#include "data/catalog.h"
#include "data/fingerprint.h"

#include <gmock/gmock.h>

#include <cstdlib>
#include <thread>

#include "base/error.h"
#include "base/file.h"
#include "data/idx_samples.h"
#include "data/image_samples.h"
#include "temporary_folder.h"

namespace netsuke {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

std::string message_of(const std::string& spec, Part part, const Wanted& wanted = {}) {
  try {
    open_dataset(spec, part, wanted);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::input) << error.what();
    return error.what();
  }
  return "no error";
}

Bytes image_of(const Dataset& data, int64_t index) {
  Bytes out(static_cast<size_t>(element_count(data.image_shape())));
  data.pixels(index, out);
  return out;
}

void write_idx(const TemporaryFolder& folder, const std::string& below, int64_t train, int64_t test) {
  const auto images = [](int64_t count) {
    return idx_bytes({count, 2, 2}, counting(static_cast<size_t>(count) * 4, 251));
  };
  const auto labels = [](int64_t count) {
    return idx_bytes({count}, counting(static_cast<size_t>(count), 10));
  };
  write_file(folder / (below + "train-images-idx3-ubyte.gz"), gzip(images(train)));
  write_file(folder / (below + "train-labels-idx1-ubyte.gz"), gzip(labels(train)));
  write_file(folder / (below + "t10k-images.idx3-ubyte"), images(test));
  write_file(folder / (below + "t10k-labels.idx1-ubyte"), labels(test));
}

TEST(Catalog, FindsIdxFilesUnderBothKindsOfNames) {
  const TemporaryFolder folder;
  write_idx(folder, "", 12, 5);
  const DatasetPtr train = open_dataset(folder.path(), Part::train),
                   test = open_dataset(folder.path(), Part::test);
  EXPECT_EQ(train->size(), 12);
  EXPECT_EQ(test->size(), 5);
  EXPECT_EQ(train->classes().at(3), "3");
  EXPECT_EQ(test->name(), folder.path() + ", test");
}

TEST(Catalog, NamesClassesByPlaceOrByLabelsFile) {
  const TemporaryFolder folder;
  write_idx(folder, "fashion/", 12, 5);
  EXPECT_EQ(open_dataset(folder.path() + "/fashion", Part::train)->classes().at(9), "Ankle boot");
  write_file(folder / "fashion/labels.txt", std::string_view("a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n"));
  EXPECT_EQ(open_dataset(folder.path() + "/fashion", Part::train)->classes().at(9), "j");
}

TEST(Catalog, AMissingHalfIsNamed) {
  const TemporaryFolder folder;
  write_file(folder / "train-images-idx3-ubyte", idx_bytes({1, 1, 1}, {0}));
  EXPECT_THAT(message_of(folder.path(), Part::train), HasSubstr("train-labels-idx1-ubyte"));
  EXPECT_THAT(message_of(folder.path(), Part::test), HasSubstr("t10k-images-idx3-ubyte"));
}

TEST(Catalog, ReadsCifarBatches) {
  const TemporaryFolder folder;
  Bytes record(3073, 50);
  for (int batch = 1; batch <= 5; ++batch) {
    record[0] = static_cast<uint8_t>(batch);
    record[1] = static_cast<uint8_t>(100 + batch);
    write_file(folder / cat("data_batch_", batch, ".bin"), record);
  }
  write_file(folder / "batches.meta.txt",
             std::string_view("plane\ncar\nbird\ncat\ndeer\ndog\nfrog\nhorse\nship\ntruck\n\n"));
  const DatasetPtr train = open_dataset(folder.path(), Part::train);
  EXPECT_EQ(train->size(), 5);
  EXPECT_EQ(train->image_shape(), (Shape{3, 32, 32}));
  EXPECT_EQ(train->label(2), 3);
  EXPECT_EQ(train->classes().at(3), "cat");
  EXPECT_EQ(image_of(*train, 4)[0], 105);
  EXPECT_THAT(message_of(folder.path(), Part::test), HasSubstr("test_batch.bin"));
  write_file(folder / "test_batch.bin", Bytes(3000));
  EXPECT_THAT(message_of(folder.path(), Part::test), HasSubstr("test_batch.bin: has 3000 bytes"));
  record[0] = 10;
  write_file(folder / "test_batch.bin", record);
  EXPECT_THAT(message_of(folder.path(), Part::test), HasSubstr("image 0 has the label 10"));
}

TEST(Catalog, ReadsCifar100ByItsFineLabels) {
  const TemporaryFolder folder;
  Bytes record(2 + 3 * 32 * 32, 7);
  record[0] = 19, record[1] = 99;
  write_file(folder / "train.bin", record);
  const DatasetPtr train = open_dataset(folder.path(), Part::train);
  ASSERT_EQ(train->size(), 1);
  EXPECT_EQ(train->label(0), 99);
  EXPECT_EQ(train->classes().size(), 100u);
  EXPECT_EQ(image_of(*train, 0)[0], 7);
  record[1] = 100;
  write_file(folder / "test.bin", record);
  EXPECT_THAT(message_of(folder.path(), Part::test), HasSubstr("test.bin: image 0 has the label 100"));
}

TEST(Catalog, ReadsOneFolderAClass) {
  const TemporaryFolder folder;
  write_file(folder / "train/dog/b.png", png_bytes(1, 1, 1, {20}));
  write_file(folder / "train/dog/a.PNG", png_bytes(1, 1, 3, {1, 2, 3}));
  write_file(folder / "train/cat/x.jpeg", jpeg_bytes(1, 1, 1, {200}));
  write_file(folder / "train/cat/notes.txt", std::string_view("not an image"));
  write_file(folder / "val/dog/c.png", png_bytes(1, 1, 3, {4, 5, 6}));
  const DatasetPtr train = open_dataset(folder.path(), Part::train);
  EXPECT_THAT(train->classes(), ElementsAre("cat", "dog"));
  ASSERT_EQ(train->size(), 3);
  EXPECT_EQ(train->image_shape(), (Shape{3, 1, 1}));
  EXPECT_THAT(std::vector<int>({train->label(0), train->label(1), train->label(2)}), ElementsAre(0, 1, 1));
  EXPECT_THAT(image_of(*train, 1), ElementsAre(1, 2, 3));
  EXPECT_THAT(image_of(*train, 2), ElementsAre(20, 20, 20)) << "gray among colours";
  const DatasetPtr test = open_dataset(folder.path(), Part::test);
  EXPECT_EQ(test->label(0), 1) << "labels follow the training classes";
  EXPECT_EQ(test->name(), folder.path() + ", test");
  write_file(folder / "val/horse/d.png", png_bytes(1, 1, 3, {4, 5, 6}));
  EXPECT_THAT(message_of(folder.path(), Part::test), HasSubstr("'horse' is not one of the training set's"));
}

TEST(Catalog, ImagesOfSeveralSizesOrDamagedOnesAreNamed) {
  const TemporaryFolder folder;
  write_file(folder / "a/1.png", png_bytes(2, 2, 1, Bytes(4)));
  write_file(folder / "a/2.png", png_bytes(2, 3, 1, Bytes(6)));
  EXPECT_THAT(message_of(folder.path(), Part::train),
              AllOf(HasSubstr("a/2.png: is 2 x 3"), HasSubstr("one size")));
  Bytes cut = png_bytes(2, 2, 1, Bytes(4));
  cut.resize(cut.size() - 20);
  write_file(folder / "a/2.png", cut);
  const DatasetPtr data = open_dataset(folder.path(), Part::train);
  EXPECT_EQ(image_of(*data, 0), Bytes(4));
  try {
    image_of(*data, 1);
    ADD_FAILURE() << "a damaged image was read";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("a/2.png: damaged PNG"));
  }
}

TEST(Catalog, AModelGetsImagesOfItsSizeAndItsClasses) {
  const TemporaryFolder folder;
  write_file(folder / "images/n02/1.png", png_bytes(6, 4, 3, Bytes(72, 9)));
  write_file(folder / "images/n01/2.png", png_bytes(2, 2, 1, Bytes(4, 7)));
  Wanted wanted{.fit = Fit{{3, 4, 4}, 4}, .classes = {}, .outputs = 3};
  EXPECT_THAT(message_of(folder / "images", Part::test, wanted),
              AllOf(HasSubstr("2 folders"), HasSubstr("--class")));
  // The classes in the order of the outputs stand in a list beside the images, as ImageNet's synsets do.
  write_file(folder / "synsets.txt", std::string_view("n03\nn02\nn01\n"));
  const DatasetPtr data = open_dataset(folder / "images", Part::test, wanted);
  ASSERT_EQ(data->size(), 2);
  EXPECT_EQ(data->name(), folder / "images, train and test alike")
      << "a figure of them is none of new images";
  EXPECT_EQ(data->image_shape(), (Shape{3, 4, 4}));
  EXPECT_THAT(image_of(*data, 0), testing::Each(7));
  EXPECT_EQ(data->label(0), 2);
  EXPECT_EQ(data->label(1), 1);
  wanted.classes = {"n01", "n02", "n03"};
  EXPECT_EQ(open_dataset(folder / "images", Part::test, wanted)->label(0), 0)
      << "what the model says comes first";
}

TEST(Catalog, DamagedImagesArePassedOverUpToALimit) {
  const TemporaryFolder folder;
  for (int i = 10; i < 40; ++i) write_file(folder / cat("a/", i, ".png"), png_bytes(2, 2, 1, Bytes(4, 5)));
  std::vector<std::string> reports;
  const Wanted wanted{.fit = Fit{{1, 2, 2}, 2},
                      .report_damage = [&](std::string_view text) { reports.emplace_back(text); }};
  const DatasetPtr data = open_dataset(folder.path(), Part::test, wanted);
  const auto damage = [&](int i) {
    write_file(folder / cat("a/", i, ".png"), std::string_view("not a picture"));
  };
  Bytes pixels(4);
  for (int i = 10; i < 20; ++i) damage(i);
  for (int64_t i = 0; i < 30; ++i) EXPECT_EQ(data->sound_pixels(i, pixels), i >= 10) << i;
  data->sound_pixels(0, pixels);
  ASSERT_EQ(reports.size(), 10u) << "each once";
  EXPECT_THAT(reports[3], HasSubstr("a/13.png"));
  damage(20);
  EXPECT_THROW(data->sound_pixels(10, pixels), Error);
}

TEST(Fingerprint, TellsPicturesApartThatHaveTheSameNames) {
  const TemporaryFolder folder;
  const auto with = [&](uint8_t grey) {
    for (int i = 0; i < 3; ++i)
      write_file(folder / cat("a/", i, ".jpg"),
                 jpeg_bytes(8, 8, 1, Bytes(64, static_cast<uint8_t>(grey + i))));
    return fingerprint(*open_dataset(folder.path(), Part::train));
  };
  const uint64_t one = with(10), same = with(10), other = with(100);
  EXPECT_EQ(one, same);
  EXPECT_NE(one, other);
}

TEST(Catalog, SeveralThreadsMayReadAFolder) {
  const TemporaryFolder folder;
  for (int i = 0; i < 20; ++i)
    write_file(folder / cat("a/", 10 + i, ".jpg"),
               jpeg_bytes(8, 8, 1, Bytes(64, static_cast<uint8_t>(10 * i))));
  const DatasetPtr data = open_dataset(folder.path(), Part::train);
  std::vector<std::thread> threads;
  std::vector<int> wrong(4);
  for (size_t t = 0; t < wrong.size(); ++t)
    threads.emplace_back([&, t] {
      for (int64_t i = 0; i < data->size(); ++i)
        wrong[t] += std::abs(image_of(*data, i)[0] - 10 * static_cast<int>(i)) > 2;
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(wrong, testing::Each(0));
}

TEST(Catalog, AWrongSpecSaysWhatThereIs) {
  EXPECT_THAT(message_of("fashion-minst", Part::train),
              AllOf(HasSubstr("did you mean 'fashion-mnist'?"), HasSubstr("cifar-10, cifar-100, synthetic")));
  const TemporaryFolder folder;
  EXPECT_THAT(message_of(folder.path(), Part::train), HasSubstr("found nothing"));
  write_file(folder / "readme.md", std::string_view("x"));
  EXPECT_THAT(message_of(folder.path(), Part::train), HasSubstr("found readme.md; expected IDX"));
}

TEST(Catalog, LooksForNamedSetsBelowTheDataFolder) {
  const TemporaryFolder folder;
  unsetenv("NETSUKE_DATA");
  EXPECT_THAT(message_of("mnist", Part::train), AllOf(HasSubstr("not installed"), HasSubstr("NETSUKE_DATA")));
  setenv("NETSUKE_DATA", folder.path().c_str(), 1);
  write_idx(folder, "mnist/", 12, 5);
  EXPECT_EQ(open_dataset("mnist", Part::test)->size(), 5);
  EXPECT_EQ(open_dataset("mnist", Part::test)->classes().at(9), "9");
  EXPECT_EQ(open_dataset("mnist", Part::test)->name(), "mnist, test");
  for (const DataStatus& status : list_datasets()) {
    if (status.name == "mnist") {
      EXPECT_TRUE(status.installed);
      EXPECT_THAT(status.images, ElementsAre(12, 5));
      EXPECT_EQ(status.path, folder.path() + "/mnist");
    } else if (status.name == "cifar-10") {
      EXPECT_FALSE(status.installed);
      EXPECT_FALSE(status.how.empty());
    } else if (status.name == "synthetic") {
      EXPECT_TRUE(status.installed);
      EXPECT_THAT(status.images, ElementsAre(2000, 500));
    }
  }
  unsetenv("NETSUKE_DATA");
}

TEST(Catalog, FashionMnistIsWholeWhereItIsInstalled) {
  for (const DataStatus& status : list_datasets())
    if (status.name == "fashion-mnist" && !status.installed) GTEST_SKIP() << status.how;
  const DatasetPtr test = open_dataset("fashion-mnist", Part::test);
  EXPECT_EQ(test->size(), 10'000);
  EXPECT_EQ(test->image_shape(), (Shape{1, 28, 28}));
  EXPECT_EQ(test->classes().at(static_cast<size_t>(test->label(0))), "Ankle boot");
}

}  // namespace
}  // namespace netsuke
