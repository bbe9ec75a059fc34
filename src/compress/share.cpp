#include "compress/share.h"

#include "base/catalog.h"
#include "base/error.h"
#include "compress/mask.h"
#include "compress/quantizers.h"
#include "model/weight_record_write.h"

namespace netsuke::compress {
namespace {

WeightPtr share(const Weight& weight, std::span<const float> importance, int bits,
                const ShareOptions& options) {
  const std::vector<float> values = kept_values(weight);
  const QuantizerInput input{.values = values,
                             .importance = importance,
                             .bits = bits,
                             .start = options.start,
                             .seed = options.seed,
                             .max_iterations = options.max_iterations};
  const auto shared = [&](Clustering clusters) {
    if (options.half_centroids) round_centroids(clusters);
    return with_codebook(weight, std::move(clusters.centroids), std::move(clusters.codes));
  };
  if (options.quantizer != "best")
    return shared(find_row(quantizers(), options.quantizer, "quantizer").cluster(input));
  return shared(best_quantized(
      input, [&](const Clustering& clusters) { return model::write_weight(*shared(clusters), {}).size(); }));
}

}  // namespace

Graph with_half_centroids(const Graph& graph) {
  Graph result = graph;
  for (const Target& target : weight_targets(graph)) {
    const Weight& weight = *graph.values[target.value].weight;
    Clustering clusters;
    if (const auto* book = std::get_if<Codebook>(&weight.encoding))
      clusters.centroids = book->centroids, clusters.codes = book->codes;
    else if (const auto* both = std::get_if<SparseCodebook>(&weight.encoding))
      clusters.centroids = both->centroids, clusters.codes = both->codes;
    else
      continue;
    round_centroids(clusters);
    result.values[target.value].weight =
        with_codebook(weight, std::move(clusters.centroids), std::move(clusters.codes));
  }
  return result;
}

bool wants_curvature(const ShareOptions& options) { return options.quantizer != "kmeans"; }

Graph share(const Graph& graph, const ShareOptions& options, const Curvature* curvature) {
  if (options.quantizer != "best") find_row(quantizers(), options.quantizer, "quantizer");
  Graph result = graph;
  const std::vector<Target> targets = weight_targets(graph);
  const auto bits = resolve(options.bits, targets, "bits");
  for (size_t i = 0; i < targets.size(); ++i) {
    const Weight& weight = *graph.values[targets[i].value].weight;
    if (!bits[i] || kept_count(weight) == 0) continue;
    if (*bits[i] < 1 || *bits[i] > 16)
      fail(ErrorCode::usage, "bits of ", targets[i].name, ": found ", *bits[i], ", expected 1 to 16");
    std::vector<float> importance;
    if (curvature) importance = kept_curvature(graph, targets[i], *curvature);
    result.values[targets[i].value].weight = share(weight, importance, *bits[i], options);
  }
  return result;
}

}  // namespace netsuke::compress
