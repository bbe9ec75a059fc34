// What came of compressing a network, measured on the file that was written.
#pragma once

#include "cli/common.h"

namespace netsuke::cli {

/// What `Outcome::small` was measured on.
enum class Measured { nothing, labelled, unlabelled, drawn };

/// Accuracies are of the network as it was and as the file has it.
struct Outcome {
  Measured on = Measured::nothing;
  Accuracy dense, small;
  double ms = -1;      ///< of one image; negative where it was not asked for
  size_t answers = 0;  ///< different ones that the original gave to drawn pictures
  WrittenFile written;
};

/// Measures the written network beside the original on these images; without any, by how often the answer
/// stays on pictures drawn of another seed than those that a recipe draws.
void judge(Outcome& outcome, const Graph& original, DatasetPtr images, bool unlabelled, const Common& common,
           const Log& log);

/// The tables of the file at `path` and the one sentence that sums it up; `test` may be null.
void print(const Output& output, const std::string& path, const Outcome& outcome, const LoadedModel& original,
           const Dataset* test);
/// The same for programs: images, accuracies or agreement, whatever was measured.
void add_outcome(report::Json& json, const Outcome& outcome);

}  // namespace netsuke::cli
