// The small cache of how fast kernels are on this machine, which `tune` fills and all verbs that run a model
// use.
#pragma once

#include <memory>
#include <string>

#include "runtime/plan.h"

namespace netsuke::cli {

/// Where it is: $NETSUKE_TIMINGS if that is set (empty for none), else timings-LEVEL-PROCESSOR.txt in
/// $XDG_CACHE_HOME/netsuke or ~/.cache/netsuke. Empty if there is no such place.
std::string timings_path();

/// What is known, null if nothing is. Throws Error(input) for a file that `tune` did not write.
std::shared_ptr<const runtime::Timings> known_timings();

/// How verbs plan a model. The file is read once a process.
runtime::PlanOptions plan_options(Residency residency = Residency::fastest);

}  // namespace netsuke::cli
