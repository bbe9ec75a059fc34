// Running a recipe: a list of steps, each Graph -> Graph, with everything on disk that an interrupted run
// needs.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/log.h"
#include "compress/allocate.h"
#include "recipe/recipe.h"

namespace netsuke::recipe {

/// What a step did to the network.
struct StepReport {
  std::string label;             ///< "prune 2/4", "retrain", "share"
  double density = 1;            ///< kept share of the weights of convolutions and linear layers
  int64_t bytes = 0;             ///< of the whole file, were it written now
  double validation_error = -1;  ///< per cent; negative where nothing was measured
  double seconds = 0;
  double ms = -1;    ///< of one image; negative where nothing was measured
  std::string note;  ///< of an attempt of a search: what became of it
};

/// How long a network takes for one image, nanoseconds by the clock of one moment: another one may be slower
/// throughout.
struct TimeModel {
  compress::LayerTimes layers;
  double rest = 0;  ///< of what no weight makes faster
};

struct Context {
  const Dataset* data = nullptr;        ///< may be null for a recipe that never retrains
  const Dataset* validation = nullptr;  ///< chooses the best epoch; never the test split
  /// Error in per cent on the validation set, by the runtime; may be empty.
  std::function<double(const Graph&)> validation_error;
  std::function<double(const Graph&)> milliseconds;  ///< of one image, by the runtime; may be empty
  /// What a network will take with fewer weights; may be empty.
  std::function<TimeModel(const Graph&)> time_model;
  /// Takes the best file of a search so far, as it is found.
  std::function<void(const Written&)> best_so_far = [](const Written&) {};
  uint64_t seed = 1;
  int threads = 0;
  /// Where the graph after each step, and the running retraining's checkpoint, are kept; removed at the end.
  /// Empty for none.
  std::string work_folder;
  bool resume = false;  ///< go on from the work folder if it holds this recipe's run on this model
  std::function<void(const StepReport&)> report = [](const StepReport&) {};
  Log log;
};

/// The network after all stages. Throws Error(interrupted) at Ctrl-C, with the work folder ready for
/// `resume`; Error(usage) for a retraining without data.
Graph run(const Recipe& recipe, const Graph& original, const Context& context);

}  // namespace netsuke::recipe
