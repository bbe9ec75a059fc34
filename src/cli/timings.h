// The small cache of how fast kernels are on this machine, which `tune` fills and all verbs that run a model
// use.
#pragma once

#include <memory>
#include <string>

#include "base/log.h"
#include "runtime/plan.h"

namespace netsuke::cli {

/// Where it is: $NETSUKE_TIMINGS if that is set (empty for none), else timings-LEVEL-PROCESSOR.txt in
/// $XDG_CACHE_HOME/netsuke or ~/.cache/netsuke. Empty if there is no such place.
std::string timings_path();

/// What is known, null if nothing is. Throws Error(input) for a file that `tune` did not write.
std::shared_ptr<const runtime::Timings> known_timings();

/// Writes what timings_path() will be read as. Throws Error(output).
void save_timings(const runtime::Timings& timings, const std::string& path);

/// What is known and, measured now and kept if there is a place, what is not of this model. The choice of
/// kernels in this process goes by it too, if it is called before anything is planned.
runtime::Timings timings_for(const Graph& graph, const std::string& name, const Log& log);

/// runtime::tune() with its progress shown.
void tune(const Graph& graph, const std::string& name, runtime::Timings& timings, const Log& log);

/// How verbs plan a model. The file is read once a process.
runtime::PlanOptions plan_options(Residency residency = Residency::fastest);

}  // namespace netsuke::cli
