#include "runtime/plan.h"

#include <utility>

#include "base/error.h"
#include "graph/passes/fold_batch_norm.h"
#include "graph/passes/sink_shuffle.h"
#include "kernels/cpu.h"
#include "runtime/planner.h"

namespace netsuke::runtime {
namespace {

constexpr std::pair<Residency, std::string_view> kResidencies[] = {{Residency::fastest, "fastest"},
                                                                   {Residency::packed, "packed"},
                                                                   {Residency::dense, "dense"},
                                                                   {Residency::coded, "coded"}};

}  // namespace

std::string_view residency_name(Residency residency) {
  return kResidencies[static_cast<size_t>(residency)].second;
}

Residency parse_residency(std::string_view text, std::string_view what) {
  for (const auto& [residency, name] : kResidencies)
    if (name == text) return residency;
  fail(ErrorCode::usage, what, ": found '", text, "', expected fastest, packed, coded or dense");
}

std::shared_ptr<const Plan> make_plan(const Graph& graph, PlanOptions options) {
  kernels::cpu_level();  // reports a bad NETSUKE_CPU before any work
  verify(graph);
  // A weight that a batch norm changed is no longer the file's.
  if (options.residency == Residency::coded) return Planner(graph, std::move(options)).plan();
  const Graph ready = sink_channel_shuffles(fold_batch_norms(graph));
  return Planner(ready, std::move(options)).plan();
}

}  // namespace netsuke::runtime
