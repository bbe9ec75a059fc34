// The forms in which weights can stay in memory, beside each other.
#pragma once

#include "cli/bench_run.h"
#include "report/json.h"

namespace netsuke::cli {

/// Loads and measures the model once for each residency, each time in a process of its own, as the most
/// memory that a process ever had can't be taken back. Prints one table; the JSON has a list `residencies`.
void compare_residencies(const BenchOptions& options, const Output& output);

}  // namespace netsuke::cli
