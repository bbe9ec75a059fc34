// A program without the training module says so; where it is there, train_test uses it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "base/error.h"
#include "train/train.h"

namespace netsuke::train {
namespace {

using testing::HasSubstr;

std::string refusal() {
  try {
    module();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::unsupported);
    return error.what();
  }
  return "opened";
}

TEST(Module, AbsentOneIsReportedWithThePathAndTheRemedy) {
  setenv("NETSUKE_TRAIN_MODULE", "/nowhere/netsuke_train.so", 1);
  const std::string sentence = refusal();
  EXPECT_THAT(sentence, HasSubstr("/nowhere/netsuke_train.so"));
  EXPECT_THAT(sentence, HasSubstr("install libtorch-dev and build with NETSUKE_TRAIN=ON"));
}

TEST(Module, AFileThatIsNoModuleIsReported) {
  setenv("NETSUKE_TRAIN_MODULE", NETSUKE_SOURCE_DIR "/CMakeLists.txt", 1);
  EXPECT_THAT(refusal(), HasSubstr("CMakeLists.txt: the training module does not load"));
}

}  // namespace
}  // namespace netsuke::train
