// What the verbs that train share: flags, and what comes before the training and after it.
#pragma once

#include <memory>

#include "cli/common.h"
#include "cli/output_lock.h"
#include "cli/training_flags.h"

namespace netsuke::cli {

/// A network that was trained, as its file says it is.
struct Trained {
  WrittenFile written;
  DatasetPtr test;
  Accuracy accuracy;  ///< on `test`, by the runtime, from the file
  report::Json json;
};

struct TrainingVerb {
  Common common;
  ModelFlags about;
  DataFlags data;
  RunFolder folder;
  train::Options training;
  std::string output;
  bool resume = false;
  double dropout = -1;                     ///< negative: as the network has it
  DatasetPtr test;                         ///< where this process writes
  std::shared_ptr<const OutputLock> lock;  ///< likewise

  /// Of several processes that train together rank 0 writes and reports.
  static bool writes();
  void add_to(Flags& verb);
  /// To be called before anything is loaded: throws where the output cannot be written, or a checkpoint lies
  /// there that is neither to be gone on from nor to be lost. From then on the output is this run's.
  void check_output();
  /// Gives the network's dropouts the ratio of --dropout, if there is one.
  void set_dropout(Graph& graph) const;
  /// Makes `training` ready, and opens the images that will judge. `about_run` is what run.json says beside
  /// what all verbs say.
  void begin(const Split& split, report::Json about_run, const Wanted& wanted, const Log& log);
  /// Writes the network with the names of its classes, and measures the file on the test split.
  Trained finish(train::Result result, const Dataset& learned_from, const Log& log) const;
  /// The ledger, and one line that says it all.
  void print(const Output& output, const Trained& trained) const;
};

}  // namespace netsuke::cli
