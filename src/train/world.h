// Which of several processes this is: the environment that torchrun, Slurm and mpirun set.
#pragma once

#include <string>

namespace netsuke::train {

struct World {
  int rank = 0;  ///< 0 writes and reports
  int size = 1;  ///< processes that train one network together
  std::string address;
  int port = 0;

  bool alone() const { return size == 1; }
};

/// From RANK and WORLD_SIZE (torchrun), SLURM_PROCID and SLURM_NTASKS (srun, where MASTER_ADDR is set), or
/// OMPI_COMM_WORLD_RANK and _SIZE (mpirun); MASTER_ADDR and MASTER_PORT (29500) say where rank 0 listens.
/// Alone where none of them is there. Throws Error(usage) naming the variable that is wrong or missing.
World world_from_environment();

}  // namespace netsuke::train
