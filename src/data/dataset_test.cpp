#include "data/dataset.h"

#include <gmock/gmock.h>

#include <set>

#include "base/error.h"
#include "data/labels.h"
#include "data/memory.h"
#include "data/synthetic.h"

namespace netsuke {
namespace {

using testing::HasSubstr;

std::vector<uint8_t> image_of(const Dataset& data, int64_t index) {
  std::vector<uint8_t> out(static_cast<size_t>(element_count(data.image_shape())));
  data.pixels(index, out);
  return out;
}

/// One pixel an image that says which image it is.
DatasetPtr numbered(uint8_t images) {
  MemoryImages set{
      .name = "numbered", .shape = {1, 1, 1}, .pixels = {}, .labels = {}, .classes = {"even", "odd"}};
  for (uint8_t i = 0; i < images; ++i) set.pixels.push_back(i), set.labels.push_back(i % 2);
  return make_memory_dataset(std::move(set));
}

TEST(Labels, AreDoubtedWhereANetworkGuesses) {
  EXPECT_THAT(doubt(0.1, 1000), HasSubstr("0.10 % of the images, as guesses among 1000 classes"));
  EXPECT_THAT(doubt(14.9, 10), HasSubstr("net.onnx.toml"));
  EXPECT_THAT(doubt(52, 2), HasSubstr("--class-folders"));
  EXPECT_EQ(doubt(0.4, 1000), "");
  EXPECT_EQ(doubt(15.1, 10), "");
  EXPECT_EQ(doubt(100, 1), "") << "one class cannot be guessed wrong";
}

TEST(Subset, ShowsTheChosenImagesWithTheirLabels) {
  const DatasetPtr part = subset(numbered(10), {7, 2}, "two of ten");
  EXPECT_EQ(part->size(), 2);
  EXPECT_EQ(part->name(), "two of ten");
  EXPECT_EQ(image_of(*part, 0), (Bytes{7}));
  EXPECT_EQ(part->label(0), 1);
  EXPECT_EQ(image_of(*part, 1), (Bytes{2}));
  EXPECT_EQ(part->label(1), 0);
  EXPECT_THROW(subset(numbered(10), {10}, "beyond"), Error);
  EXPECT_THROW(subset(numbered(10), {-1}, "before"), Error);
}

TEST(Split, DividesEveryImageOnceInOrder) {
  const Split halves = split(numbered(100), 30, 5);
  EXPECT_EQ(halves.train->size(), 70);
  EXPECT_EQ(halves.validation->size(), 30);
  std::set<uint8_t> seen;
  for (const DatasetPtr& part : {halves.train, halves.validation}) {
    uint8_t previous = 0;
    for (int64_t i = 0; i < part->size(); ++i) {
      const uint8_t pixel = image_of(*part, i)[0];
      EXPECT_TRUE(i == 0 || pixel > previous);
      EXPECT_TRUE(seen.insert(pixel).second);
      EXPECT_EQ(part->label(i), pixel % 2);
      previous = pixel;
    }
  }
  EXPECT_EQ(seen.size(), 100u);
}

TEST(Split, IsDecidedByTheSeed) {
  const DatasetPtr whole = numbered(100);
  const auto held_out = [&](uint64_t seed) {
    std::vector<uint8_t> pixels;
    const Split parts = split(whole, 20, seed);
    for (int64_t i = 0; i < 20; ++i) pixels.push_back(image_of(*parts.validation, i)[0]);
    return pixels;
  };
  EXPECT_EQ(held_out(1), held_out(1));
  EXPECT_NE(held_out(1), held_out(2));
  EXPECT_THROW(split(whole, 100, 1), Error);
  EXPECT_THROW(split(whole, -1, 1), Error);
}

TEST(MemoryDataset, RefusesWhatDoesNotFitTogether) {
  const auto message = [](MemoryImages set) {
    set.name = "odd";
    try {
      make_memory_dataset(std::move(set));
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string("no error");
  };
  EXPECT_THAT(
      message({.name = "", .shape = {1, 2, 2}, .pixels = Bytes(7), .labels = {0, 0}, .classes = {"a"}}),
      HasSubstr("odd: 7 bytes"));
  EXPECT_THAT(message({.name = "", .shape = {1, 2, 2}, .pixels = {}, .labels = {}, .classes = {"a"}}),
              HasSubstr("no images"));
  EXPECT_THAT(message({.name = "", .shape = {1, 1, 1}, .pixels = Bytes(1), .labels = {1}, .classes = {"a"}}),
              HasSubstr("label 1"));
}

/// Images nearest to the mean of their class in a training set: what any network does better than.
TEST(Synthetic, ClassesCanBeToldApart) {
  const Shape shape{1, 16, 16};
  const DatasetPtr train = make_synthetic(400, shape, 5, 1), test = make_synthetic(200, shape, 5, 2);
  std::vector<std::vector<double>> means(5, std::vector<double>(256));
  for (int64_t i = 0; i < train->size(); ++i) {
    const auto image = image_of(*train, i);
    for (size_t p = 0; p < 256; ++p) means[static_cast<size_t>(train->label(i))][p] += image[p] / 80.0;
  }
  int right = 0;
  for (int64_t i = 0; i < test->size(); ++i) {
    const auto image = image_of(*test, i);
    std::vector<double> distances(5);
    for (size_t c = 0; c < 5; ++c)
      for (size_t p = 0; p < 256; ++p) distances[c] += (image[p] - means[c][p]) * (image[p] - means[c][p]);
    right += std::min_element(distances.begin(), distances.end()) - distances.begin() == test->label(i);
  }
  EXPECT_GE(right, 180) << "of 200";
}

TEST(Synthetic, IsDecidedByTheSeed) {
  const Shape shape{3, 8, 8};
  EXPECT_EQ(image_of(*make_synthetic(4, shape, 2, 9), 3), image_of(*make_synthetic(4, shape, 2, 9), 3));
  EXPECT_NE(image_of(*make_synthetic(4, shape, 2, 9), 3), image_of(*make_synthetic(4, shape, 2, 8), 3));
  EXPECT_THROW(make_synthetic(0, shape, 2, 1), Error);
}

}  // namespace
}  // namespace netsuke
