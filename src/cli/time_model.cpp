#include "cli/time_model.h"

#include <map>

#include "cli/bench_run.h"
#include "runtime/layer_time.h"

namespace netsuke::cli {

recipe::TimeModel time_model(const Graph& graph, const runtime::Timings& timings, int threads) {
  BenchOptions options;
  options.common.threads = threads;
  std::map<std::string, double> measured;  // ms of the steps, by their nodes
  for (const runtime::StepReport& step :
       BenchRunner(graph, options, true, Residency::fastest).typical_steps(Log()))
    measured[step.name] += step.ms;
  recipe::TimeModel model{runtime::layer_times(graph, &timings)};
  double layers_ns = 0, layers_ms = 0, all_ms = 0;
  for (const auto& [name, ms] : measured) all_ms += ms;
  for (const compress::Target& target : compress::weight_targets(graph)) {
    const double ns = model.layers(target.name, kept_count(*graph.values[target.value].weight));
    if (ns <= 0) continue;
    layers_ns += ns;
    layers_ms += measured[target.name];
  }
  if (layers_ms > 0) model.rest = layers_ns * (all_ms - layers_ms) / layers_ms;
  return model;
}

}  // namespace netsuke::cli
