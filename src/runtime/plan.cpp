#include "runtime/plan.h"

#include "graph/passes/fold_batch_norm.h"
#include "kernels/cpu.h"
#include "runtime/planner.h"

namespace netsuke::runtime {

std::shared_ptr<const Plan> make_plan(const Graph& graph) {
  kernels::cpu_level();  // reports a bad NETSUKE_CPU before any work
  verify(graph);
  const Graph folded = fold_batch_norms(graph);
  return Planner(folded).plan();
}

}  // namespace netsuke::runtime
