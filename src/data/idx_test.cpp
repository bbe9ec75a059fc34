#include "data/idx.h"

#include <gmock/gmock.h>

#include "base/file.h"
#include "base/random.h"
#include "data/idx_samples.h"
#include "temporary_folder.h"

namespace netsuke {
namespace {

using testing::AllOf;
using testing::HasSubstr;

template <class Function>
std::string message_of(Function&& function) {
  try {
    function();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::input) << error.what();
    return error.what();
  }
  return "no error";
}

std::string parse_message(const Bytes& bytes) {
  return message_of([&] { parse_idx(bytes, "here.idx"); });
}

TEST(Idx, PlainAndGzippedGiveTheSameArray) {
  const Bytes values = counting(3 * 4 * 5, 251);
  const Bytes plain = idx_bytes({3, 4, 5}, values);
  for (const Bytes& bytes : {plain, gzip(plain)}) {
    const IdxArray array = parse_idx(bytes, "here.idx");
    EXPECT_EQ(array.shape, (Shape{3, 4, 5}));
    EXPECT_EQ(array.values, values);
  }
}

TEST(Idx, EveryTruncationIsAnErrorThatNamesTheFile) {
  const Bytes plain = idx_bytes({3, 4, 5}, counting(60, 251));
  for (const Bytes& whole : {plain, gzip(plain)})
    for (size_t size = 0; size < whole.size(); ++size)
      EXPECT_THAT(parse_message({whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)}),
                  HasSubstr("here.idx"))
          << size << " of " << whole.size();
}

TEST(Idx, WrongBytesAreRefused) {
  Bytes bytes = idx_bytes({2, 2}, {1, 2, 3, 4});
  bytes.push_back(5);
  EXPECT_THAT(parse_message(bytes), HasSubstr("holds more than the 2x2 values"));
  EXPECT_THAT(parse_message(gzip(bytes)), HasSubstr("holds more than the 2x2 values"));
  EXPECT_THAT(parse_message({0, 0, 0x0d, 1, 0, 0, 0, 0}), HasSubstr("magic number"));
  EXPECT_THAT(parse_message({0, 0, 8, 0}), HasSubstr("0 dimensions"));
  EXPECT_THAT(parse_message({0, 0, 8, 200}), HasSubstr("200 dimensions"));
  Bytes zipped = gzip(idx_bytes({2, 2}, {1, 2, 3, 4}));
  zipped.push_back(0);
  EXPECT_THAT(parse_message(zipped), HasSubstr("1 bytes follow the end"));
  zipped.pop_back();
  zipped[zipped.size() - 6] ^= 1;  // in the checksum
  EXPECT_THAT(parse_message(zipped), HasSubstr("damaged gzip data"));
}

TEST(Idx, AHugeClaimIsRefusedWithoutBeingAllocated) {
  const Bytes two_gigabytes = idx_bytes({0x7fff, 0x100, 0x100}, {1, 2, 3});
  EXPECT_THAT(parse_message(two_gigabytes), HasSubstr("cut short"));
  EXPECT_THAT(parse_message(gzip(two_gigabytes)), HasSubstr("cut short"));
  EXPECT_THAT(parse_message(idx_bytes({0xffffffff, 0xffffffff, 0xffffffff}, {})), HasSubstr("here.idx"));
}

TEST(Idx, RandomDamageGivesAnArrayOrAnError) {
  const Bytes plain = idx_bytes({3, 4, 5}, counting(60, 251)), zipped = gzip(plain);
  Random random(11);
  for (int round = 0; round < 5000; ++round) {
    Bytes bytes = round % 2 ? plain : zipped;
    for (uint64_t flips = 1 + random.below(4); flips > 0; --flips)
      bytes[random.below(bytes.size())] = static_cast<uint8_t>(random.next());
    try {
      const IdxArray array = parse_idx(bytes, "here.idx");
      EXPECT_EQ(element_count(array.shape), std::ssize(array.values));
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), HasSubstr("here.idx"));
    }
  }
}

class IdxFiles : public testing::Test {
 protected:
  std::string read_message(const Bytes& images, const Bytes& labels) {
    write_file(images_, images);
    write_file(labels_, labels);
    return message_of([&] { read_idx(images_, labels_, {"a", "b", "c"}, "small"); });
  }
  TemporaryFolder folder_;
  const std::string images_ = folder_ / "images", labels_ = folder_ / "labels.gz";
};

TEST_F(IdxFiles, BecomeADataset) {
  const Bytes values = counting(3 * 2 * 4, 251);
  write_file(images_, idx_bytes({3, 2, 4}, values));
  write_file(labels_, gzip(idx_bytes({3}, {2, 0, 1})));
  const DatasetPtr data = read_idx(images_, labels_, {"a", "b", "c"}, "small");
  EXPECT_EQ(data->size(), 3);
  EXPECT_EQ(data->image_shape(), (Shape{1, 2, 4}));
  EXPECT_EQ(data->label(0), 2);
  EXPECT_EQ(data->label(2), 1);
  EXPECT_EQ(data->classes().at(1), "b");
  EXPECT_EQ(data->name(), "small");
  Bytes image(8);
  data->pixels(1, image);
  EXPECT_EQ(image, Bytes(values.begin() + 8, values.begin() + 16));
}

TEST_F(IdxFiles, ErrorsNameTheFileAtFault) {
  EXPECT_THAT(message_of([&] { read_idx(images_, labels_, {"a"}, "small"); }), HasSubstr(images_));
  const Bytes images = idx_bytes({3, 1, 1}, {1, 2, 3}), labels = idx_bytes({3}, {2, 0, 1});
  EXPECT_THAT(read_message(labels, labels), AllOf(HasSubstr(images_), HasSubstr("1 dimensions (3)")));
  EXPECT_THAT(read_message(images, images), AllOf(HasSubstr(labels_), HasSubstr("3 dimensions")));
  EXPECT_THAT(read_message(images, idx_bytes({2}, {2, 0})),
              AllOf(HasSubstr(labels_), HasSubstr("2 labels for the 3 images")));
  EXPECT_THAT(read_message(images, idx_bytes({3}, {2, 3, 0})),
              AllOf(HasSubstr(labels_), HasSubstr("label 1 is 3, labels below 3")));
  EXPECT_THAT(read_message(idx_bytes({0, 1, 1}, {}), idx_bytes({0}, {})), HasSubstr("holds no pixels"));
  EXPECT_EQ(read_message(images, labels), "no error");
}

}  // namespace
}  // namespace netsuke
