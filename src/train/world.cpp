#include "train/world.h"

#include <cstdlib>

#include "base/error.h"
#include "base/text.h"

namespace netsuke::train {
namespace {

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

int number(const char* name, int64_t least, int64_t most) {
  const std::string text = variable(name);
  if (text.empty()) fail(ErrorCode::usage, name, ": is not set, though other processes are to train along");
  int64_t value = 0;
  try {
    value = parse_integer(text, name);
  } catch (const Error& error) {
    fail(ErrorCode::usage, error.what());
  }
  if (value < least || value > most)
    fail(ErrorCode::usage, name, ": is ", value, ", accepted is ", least, " to ", most);
  return static_cast<int>(value);
}

}  // namespace

World world_from_environment() {
  struct Launcher {
    const char *rank, *size;
  };
  constexpr Launcher launchers[] = {{"RANK", "WORLD_SIZE"},
                                    {"SLURM_PROCID", "SLURM_NTASKS"},
                                    {"OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"}};
  constexpr int kMostProcesses = 65536, kPort = 29500;
  World world;
  for (const Launcher& launcher : launchers) {
    // A Slurm job's first shell has these too; only with a meeting place are they meant for us.
    const bool asked = !variable(launcher.size).empty() &&
                       (launcher.size == launchers[0].size || !variable("MASTER_ADDR").empty());
    if (!asked) continue;
    world.size = number(launcher.size, 1, kMostProcesses);
    if (world.alone()) return world;
    world.rank = number(launcher.rank, 0, world.size - 1);
    world.address = variable("MASTER_ADDR");
    if (world.address.empty())
      fail(ErrorCode::usage, "MASTER_ADDR: is not set; it names the machine of rank 0, where ", world.size,
           " processes meet");
    world.port = variable("MASTER_PORT").empty() ? kPort : number("MASTER_PORT", 1, 65535);
    return world;
  }
  return world;
}

}  // namespace netsuke::train
