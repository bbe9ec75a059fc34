#include "cli/output_lock.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <optional>

#include "base/error.h"
#include "base/file.h"

namespace netsuke::cli {
namespace {

const std::string kOutput = testing::TempDir() + "netsuke_output_lock_test.nsk";

TEST(OutputLock, IsHeldByOneAndLeavesNothingBehind) {
  std::optional<OutputLock> first(kOutput);
  try {
    const OutputLock second(kOutput);
    FAIL() << "two runs hold one output";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::usage);
    EXPECT_THAT(error.what(), testing::HasSubstr("another run is at work on it"));
  }
  first.reset();
  EXPECT_FALSE(std::filesystem::exists(kOutput + ".lock"));
  EXPECT_NO_THROW(OutputLock third(kOutput));
}

TEST(OutputLock, WhatAKilledRunLeavesIsNoObstacle) {
  write_file(kOutput + ".lock", "");
  EXPECT_NO_THROW(OutputLock lock(kOutput));
}

}  // namespace
}  // namespace netsuke::cli
