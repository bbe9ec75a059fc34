#include "train/curvature.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/random.h"
#include "train/batches.h"
#include "train/network.h"

namespace netsuke::train {
namespace {

/// Labels are drawn from the network's own answers, so the gradients of different images are independent with
/// mean zero, and the square of their sum is on average the sum of their squares: a batch costs one pass
/// instead of one an image.
constexpr int kBatch = 8;
constexpr uint64_t kLabelStream = 11;  // of the seed

/// A class drawn from the softmax of these scores.
int64_t draw_label(std::span<const float> scores, Random& random) {
  const float most = *std::ranges::max_element(scores);
  std::vector<double> sums;
  double sum = 0;
  for (const float score : scores) sums.push_back(sum += std::exp(static_cast<double>(score - most)));
  const auto at = std::ranges::upper_bound(sums, random.uniform() * sum);
  return std::min(at - sums.begin(), std::ssize(scores) - 1);
}

}  // namespace

std::vector<std::vector<float>> fisher_diagonal(const Graph& graph, const Dataset& data,
                                                const CurvatureOptions& options, const Log& log) {
  Options plain;  // no augmentation: only the order is drawn
  plain.batch = static_cast<int>(std::min<int64_t>(kBatch, data.size()));
  plain.seed = options.seed;
  plain.threads = options.threads;
  Network network(graph);
  Batches batches(data, preprocess_of(graph), {}, plain);
  Random random(options.seed, kLabelStream);
  const int64_t passes =
      std::clamp<int64_t>((options.images + plain.batch - 1) / plain.batch, 1, batches.per_epoch());

  std::vector<std::vector<float>> diagonal(graph.values.size());
  for (int64_t pass = 0; pass < passes; ++pass) {
    if (log.stopping()) fail(ErrorCode::interrupted, "stopped while measuring the curvature");
    const Batch batch = batches.make(pass);
    const std::vector<float> scores = network.logits(batch.images);
    const size_t classes = scores.size() / batch.labels.size();
    std::vector<int64_t> labels;
    for (size_t i = 0; i < batch.labels.size(); ++i)
      labels.push_back(draw_label(std::span(scores).subspan(i * classes, classes), random));
    network.differentiate(batch.images, labels);
    const float share = static_cast<float>(plain.batch) / static_cast<float>(passes);
    for (size_t i = 0; i < network.learned().size(); ++i) {
      const std::span<const float> gradient = network.gradient(i);
      std::vector<float>& sums = diagonal[network.learned()[i].value];
      sums.resize(gradient.size());
      for (size_t j = 0; j < gradient.size(); ++j) sums[j] += share * gradient[j] * gradient[j];
    }
    log.progress({"curvature",
                  static_cast<uint64_t>((pass + 1) * plain.batch),
                  static_cast<uint64_t>(passes * plain.batch),
                  "images",
                  {}});
  }
  return diagonal;
}

}  // namespace netsuke::train
