// Flags of the verbs that train.
#pragma once

#include "cli/flags.h"
#include "data/catalog.h"
#include "report/run_folder.h"
#include "train/train.h"

namespace netsuke::cli {

/// Adds epochs, batch, learning rate, momentum, weight decay, schedule and augmentation flags that write to
/// `options`.
void add_training_flags(Flags& verb, train::Options& options);

/// --run: a folder for the settings and the curve of a training run.
struct RunFolder {
  std::string path;

  void add_to(Flags& verb);
  /// Writes what the run is, and makes `options` write its curve after every epoch and draw it on a terminal.
  void follow(train::Options& options, const report::Json& about, const Log& log) const;
};

/// --data and --validation: what is learned from, and how much of it is held out to choose on.
struct DataFlags {
  std::string data;
  int64_t validation = -1;  ///< images held out of the training split; negative: a tenth, at most 5,000

  void add_to(Flags& verb);
  /// The training split in two; the same for a given seed of the split, which is fixed so that no seed sees
  /// other images.
  Split open(const Wanted& wanted) const;
};

}  // namespace netsuke::cli
