#include "cli/pre_flight.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include "base/random.h"

namespace netsuke::cli {
namespace {

/// Vectors of one value repeated code to nothing; training will make each of their values another.
Graph with_noise_for_fresh_vectors(Graph graph, uint64_t seed) {
  Random random(seed, /*stream=*/14);
  for (const Parameter& parameter : parameters(graph)) {
    WeightPtr& weight = graph.values[parameter.value].weight;
    if (parameter.role == "weight" || parameter.role == "operand" ||
        !std::holds_alternative<Dense>(weight->encoding))
      continue;
    std::vector<float> values = std::get<Dense>(weight->encoding).values;
    const bool is_fresh =
        values.size() > 1 && std::ranges::adjacent_find(values, std::not_equal_to{}) == values.end();
    if (!is_fresh) continue;
    for (float& value : values) value += 0.1f * static_cast<float>(std::abs(random.normal()));
    weight = make_weight(weight->shape, Dense{std::move(values)});
  }
  return graph;
}

}  // namespace

Expected pre_flight(const recipe::Recipe& recipe, const Graph& graph, const Dataset* images,
                    const Common& common, const Log& log) {
  if (recipe::searches(recipe))
    fail(ErrorCode::usage, "--pre-flight: recipe ", recipe.name,
         " searches, and measures every attempt as it goes");
  const bool needs_images = images && std::ranges::any_of(recipe.stages, [](const recipe::Stage& stage) {
                              const auto* reconstruct = std::get_if<recipe::Reconstruct>(&stage);
                              return reconstruct && reconstruct->tolerance > 0 && !reconstruct->drawn;
                            });
  Log quiet;
  quiet.stop = log.stop;
  const recipe::Context context{.data = needs_images ? images : nullptr,
                                .seed = common.seed,
                                .threads = common.threads,
                                .work_folder = {},
                                .log = quiet};
  const Graph small =
      recipe::shippable(recipe::run(recipe::without_training(recipe, needs_images), graph, context), recipe);
  WriteOptions write = recipe::write_options(recipe);
  write.threads = common.threads;
  const Written written =
      write_model(recipe::trains(recipe) ? with_noise_for_fresh_vectors(small, common.seed) : small, write);
  return {std::ssize(written.bytes), measure_latency(written.graph, common.threads).ms_median};
}

}  // namespace netsuke::cli
