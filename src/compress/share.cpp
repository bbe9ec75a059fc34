#include "compress/share.h"

#include "base/error.h"
#include "compress/mask.h"

namespace netsuke::compress {
namespace {

WeightPtr share(const Weight& weight, int bits, const ShareOptions& options) {
  const std::vector<float> values = kept_values(weight);
  Clustering clusters = k_means(values, {.clusters = 1 << bits,
                                         .start = options.start,
                                         .seed = options.seed,
                                         .max_iterations = options.max_iterations});
  if (options.half_centroids) round_centroids(clusters);
  return with_codebook(weight, std::move(clusters.centroids), std::move(clusters.codes));
}

}  // namespace

Graph share(const Graph& graph, const ShareOptions& options) {
  Graph result = graph;
  const std::vector<Target> targets = weight_targets(graph);
  const auto bits = resolve(options.bits, targets, "bits");
  for (size_t i = 0; i < targets.size(); ++i) {
    const Weight& weight = *graph.values[targets[i].value].weight;
    if (!bits[i] || kept_count(weight) == 0) continue;
    if (*bits[i] < 1 || *bits[i] > 16)
      fail(ErrorCode::usage, "bits of ", targets[i].name, ": found ", *bits[i], ", expected 1 to 16");
    result.values[targets[i].value].weight = share(weight, *bits[i], options);
  }
  return result;
}

}  // namespace netsuke::compress
