// A training run put to sleep: everything that the rest of it depends on.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "train/train.h"

namespace netsuke::train {

/// The tensors of a run, one vector each, in the order of the network's lists.
struct Snapshot {
  std::vector<std::vector<float>> learned;   ///< free values
  std::vector<std::vector<float>> measured;  ///< running statistics of batch norms
};

struct Checkpoint {
  uint64_t fingerprint = 0;  ///< of what the run was started with
  int64_t step = 0;          ///< batches done
  int64_t steps = 0;         ///< batches in all: those of all epochs, or fewer for want of time
  /// Of the epoch under way.
  double loss_sum = 0;
  int64_t wrong = 0;     ///< answers so far in this epoch
  int64_t labelled = 0;  ///< images with a label so far in it
  double seconds = 0;
  std::vector<Epoch> epochs;  ///< finished ones
  int best_epoch = 0;
  Snapshot now;
  /// The optimizer's averages, one for each learned tensor; the second ones empty where it has none.
  std::vector<std::vector<float>> first, second;
  Snapshot best;     ///< empty while there is no best epoch
  Snapshot average;  ///< moving average of `now`; empty if none is kept
};

/// A number that differs when the graph, the data sets, the teachers or any option that bears on the result
/// differs.
uint64_t fingerprint(const Graph& graph, const Dataset& data, const Dataset* validation,
                     const std::vector<Graph>& teachers, const Options& options);

/// Throws Error(output) when `path` can't be written; an older checkpoint is then still whole.
void write_checkpoint(const std::string& path, const Checkpoint& checkpoint);

/// Throws Error(input) if the file is damaged or is the checkpoint of another run (another fingerprint, or
/// tensors of other sizes than `like` has).
Checkpoint read_checkpoint(const std::string& path, const Checkpoint& like);

}  // namespace netsuke::train
