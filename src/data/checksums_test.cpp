#include "data/checksums.h"

#include <gmock/gmock.h>

#include "base/error.h"
#include "base/file.h"
#include "data/catalog.h"
#include "data/idx_samples.h"
#include "temporary_folder.h"

namespace netsuke {
namespace {

TEST(Checksums, are_those_of_the_standards) {
  const std::string text = "abc";  // FIPS 180-2, appendix B.1; RFC 1321, appendix A.5
  const ByteView bytes(reinterpret_cast<const uint8_t*>(text.data()), text.size());
  EXPECT_EQ(sha256(bytes), "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(md5(bytes), "md5:900150983cd24fb0d6963f7d28e17f72");
}

TEST(Checksums, tell_other_files_of_the_same_names) {
  const TemporaryFolder folder;
  const Bytes labels = idx_bytes({3}, {1, 2, 3});
  write_file(folder / "t10k-labels-idx1-ubyte.gz", gzip(labels));
  write_file(folder / "train-labels.idx1-ubyte", labels);
  const std::vector<CheckedFile> files = check_files("mnist", folder.path());
  ASSERT_EQ(files.size(), 2u);
  for (const CheckedFile& file : files) {
    EXPECT_TRUE(file.known()) << file.path;
    EXPECT_FALSE(file.right()) << file.path;
    EXPECT_EQ(file.found, sha256(labels)) << file.path;  // packed or not
  }
  write_file(folder / "t10k-labels-idx1-ubyte.gz", Bytes{0x1f, 0x8b, 8});
  EXPECT_THROW(check_files("mnist", folder.path()), Error);
  EXPECT_TRUE(check_files("synthetic", folder.path()).empty());
}

TEST(Checksums, say_where_none_is_known) {
  const TemporaryFolder folder;
  for (const char* name : {"cifar-10-binary.tar.gz", "data_batch_1.bin"})
    write_file(folder / name, std::string_view("x"));
  const std::vector<CheckedFile> files = check_files("cifar-10", folder.path());
  ASSERT_EQ(files.size(), 2u);
  EXPECT_EQ(files[0].found, "md5:9dd4e461268c8034f5c8564e155c67a6");
  EXPECT_FALSE(files[0].right());
  EXPECT_FALSE(files[1].known());
  EXPECT_FALSE(files[1].right());
}

TEST(Checksums, InstalledFashionMnistIsTheRightOne) {
  for (const DataStatus& status : list_datasets()) {
    if (status.name != "fashion-mnist") continue;
    if (!status.installed) GTEST_SKIP() << status.how;
    const std::vector<CheckedFile> files = check_files(status.name, status.path);
    EXPECT_EQ(files.size(), 4u);
    for (const CheckedFile& file : files) EXPECT_TRUE(file.right()) << file.path << ' ' << file.found;
  }
}

}  // namespace
}  // namespace netsuke
