#include "train/world.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "base/error.h"

namespace netsuke::train {
namespace {

using testing::HasSubstr;

class WorldTest : public testing::Test {
 protected:
  WorldTest() { clear(); }
  ~WorldTest() override { clear(); }
  static void clear() {
    for (const char* name : {"RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT", "SLURM_PROCID",
                             "SLURM_NTASKS", "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"})
      unsetenv(name);
  }
  static void set(const char* name, const char* value) { setenv(name, value, 1); }
  static std::string refusal() {
    try {
      world_from_environment();
      return "accepted";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::usage);
      return error.what();
    }
  }
};

TEST_F(WorldTest, IsAloneWithoutALauncher) {
  EXPECT_TRUE(world_from_environment().alone());
  set("SLURM_PROCID", "3"), set("SLURM_NTASKS", "8");  // a shell of a job, not a step of training
  EXPECT_TRUE(world_from_environment().alone());
}

TEST_F(WorldTest, ReadsWhatLaunchersSet) {
  set("MASTER_ADDR", "node1");
  set("OMPI_COMM_WORLD_RANK", "1"), set("OMPI_COMM_WORLD_SIZE", "2");
  EXPECT_EQ(world_from_environment().size, 2);
  set("SLURM_PROCID", "3"), set("SLURM_NTASKS", "8");
  EXPECT_EQ(world_from_environment().rank, 3);
  set("RANK", "5"), set("WORLD_SIZE", "6"), set("MASTER_PORT", "1234");
  const World world = world_from_environment();
  EXPECT_EQ(world.rank, 5);
  EXPECT_EQ(world.size, 6);
  EXPECT_EQ(world.address, "node1");
  EXPECT_EQ(world.port, 1234);
}

TEST_F(WorldTest, NamesWhatIsWrong) {
  set("WORLD_SIZE", "2");
  EXPECT_THAT(refusal(), HasSubstr("RANK: is not set"));
  set("RANK", "2");
  EXPECT_THAT(refusal(), HasSubstr("RANK: is 2, accepted is 0 to 1"));
  set("RANK", "1");
  EXPECT_THAT(refusal(), HasSubstr("MASTER_ADDR: is not set"));
  set("MASTER_ADDR", "node1"), set("MASTER_PORT", "many");
  EXPECT_THAT(refusal(), HasSubstr("MASTER_PORT"));
}

}  // namespace
}  // namespace netsuke::train
