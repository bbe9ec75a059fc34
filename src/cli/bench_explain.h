// Where a network's time goes, and how near each step is to what the machine can do.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "graph/graph.h"
#include "kernels/limits/limits.h"
#include "report/json.h"
#include "runtime/session.h"

namespace netsuke::cli {

/// What a step cannot do without: bytes, each once, for one batch, and operations.
struct Traffic {
  double weights = 0;      ///< its constants as 32-bit floats, or as the kernel keeps them if that is less
  double activations = 0;  ///< what it reads and writes
  double kept = 1;         ///< share of the multiply-adds that the kernel does: sparse ones leave zeros out
};

/// A step with what is told about it.
struct StepRow {
  runtime::StepReport step;  ///< its ms for one image
  Traffic traffic;           ///< for one image, a batch's weights shared among its images
  double gflops = 0;         ///< reached; a multiply-add is two
  double limit = 0;          ///< share of the machine's limit, 1 = reached
  std::string_view bound;    ///< what limits it: "fma", "signs" or "memory"; empty if nothing is known
};

/// Rows for the steps of a session of `graph` that ran timed on batches of `batch`, in order. A step's least
/// time is that of its operations or of its bytes, whichever is longer (the roofline model). Weights come
/// from the cache that holds all the network's, as each run walks through all of them; activations from
/// the one that holds the step's.
std::vector<StepRow> explained(const Graph& graph, std::span<const runtime::StepReport> steps, int64_t batch,
                               const kernels::Limits& limits);

std::string explained_text(std::span<const StepRow> rows);
report::Json explained_json(std::span<const StepRow> rows);

std::string limits_text(const kernels::Limits& limits);
report::Json limits_json(const kernels::Limits& limits);

}  // namespace netsuke::cli
