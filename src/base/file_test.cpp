#include "base/file.h"

#include <gtest/gtest.h>

#include <filesystem>

namespace netsuke {
namespace {

class FileTest : public testing::Test {
 protected:
  FileTest() { std::filesystem::create_directories(folder_); }
  ~FileTest() override { std::filesystem::remove_all(folder_); }
  size_t files() const {
    const auto all = std::filesystem::directory_iterator(folder_);
    return static_cast<size_t>(std::distance(begin(all), end(all)));
  }
  std::string folder_ = testing::TempDir() + "netsuke_file_test_" +
                        testing::UnitTest::GetInstance()->current_test_info()->name();
};

TEST_F(FileTest, what_is_written_is_read_back) {
  const Bytes bytes{0, 1, 255};
  write_file(folder_ + "/a", bytes);
  EXPECT_EQ(read_file(folder_ + "/a"), bytes);
  EXPECT_EQ(files(), 1u) << "a temporary file was left behind";
}

TEST_F(FileTest, a_target_that_cannot_be_written_leaves_nothing_behind) {
  std::filesystem::create_directory(folder_ + "/taken");  // rename cannot replace a folder
  EXPECT_THROW(write_file(folder_ + "/taken", "text"), Error);
  EXPECT_THROW(write_file(folder_ + "/none/a", "text"), Error);
  EXPECT_EQ(files(), 1u) << "a temporary file was left behind";
}

TEST_F(FileTest, missing_files_folders_and_files_over_the_limit_are_refused) {
  write_file(folder_ + "/a", "12345");
  EXPECT_THROW(read_file(folder_ + "/b"), Error);
  EXPECT_THROW(read_file(folder_), Error);
  EXPECT_THROW(read_file(folder_ + "/a", 4), Error);
}

TEST_F(FileTest, an_existing_result_is_only_overwritten_by_force) {
  write_file(folder_ + "/a", "1");
  EXPECT_THROW(check_writable(folder_ + "/a", false), Error);
  EXPECT_NO_THROW(check_writable(folder_ + "/a", true));
  EXPECT_THROW(check_writable(folder_ + "/none/a", true), Error);
  EXPECT_THROW(check_writable(folder_, true), Error);
}

TEST_F(FileTest, links_stay_links_and_devices_devices) {
  write_file(folder_ + "/file", "old");
  std::filesystem::create_symlink("file", folder_ + "/link");
  write_file(folder_ + "/link", "new");
  EXPECT_TRUE(std::filesystem::is_symlink(folder_ + "/link"));
  EXPECT_EQ(read_file(folder_ + "/file"), (Bytes{'n', 'e', 'w'}));
  std::filesystem::create_symlink("/dev/null", folder_ + "/nothing");
  EXPECT_NO_THROW(check_writable(folder_ + "/nothing", false));
  write_file(folder_ + "/nothing", "text");
  EXPECT_TRUE(std::filesystem::is_character_file(folder_ + "/nothing"));
}

}  // namespace
}  // namespace netsuke
