#include "compress/quantizers.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "compress/rate_quantizer.h"

namespace netsuke::compress {
namespace {

/// Sums are of floats: a loss this little above another is the same.
constexpr double kSameLoss = 1 + 1e-6;

Clustering by_k_means(const QuantizerInput& in) {
  return k_means(
      in.values,
      {.clusters = 1 << in.bits, .start = in.start, .seed = in.seed, .max_iterations = in.max_iterations});
}

Clustering by_hessian(const QuantizerInput& in) {
  RateOptions options;
  options.start = by_k_means(in).centroids;
  options.max_iterations = in.max_iterations;
  return rate_quantize(in.values, in.importance, options).clusters;
}

/// The dearest bits at which no more is lost than by k-means.
Clustering by_rate(const QuantizerInput& in) {
  constexpr int kHalvings = 12;
  constexpr int kIterations = 12;
  Clustering best = by_k_means(in);
  const double most = sharing_loss(in, best) * kSameLoss;
  // k-means pays this much a value on average; a bit is worth something of its order.
  const double each = most / static_cast<double>(std::max<size_t>(1, in.values.size()));
  double low = -8, high = 8;
  for (int i = 0; i < kHalvings; ++i) {
    const double middle = (low + high) / 2;
    Clustering next = rate_quantize(in.values, in.importance,
                                    {.clusters = std::min(1 << (in.bits + 1), 65536),
                                     .slope = each * std::exp2(middle),
                                     .max_iterations = kIterations})
                          .clusters;
    if (sharing_loss(in, next) > most) {
      high = middle;
    } else {
      low = middle;
      best = std::move(next);
    }
  }
  return best;
}

/// Cells of equal width from the least to the largest value, each with the mean of its values: points of the
/// grid itself would err in one direction, and a layer sums thousands of such errors.
Clustering on_grid(const QuantizerInput& in, size_t points) {
  const auto [least, largest] = std::ranges::minmax(in.values);
  const double low = least, span = static_cast<double>(largest) - low;
  const double step = points > 1 ? span / static_cast<double>(points - 1) : 0;
  std::vector<uint32_t> at;
  std::vector<double> sums(points), counts(points);
  for (const float value : in.values) {
    at.push_back(step > 0 ? static_cast<uint32_t>(std::lround((static_cast<double>(value) - low) / step))
                          : 0);
    sums[at.back()] += static_cast<double>(value);
    ++counts[at.back()];
  }
  Clustering result{.converged = true};
  std::vector<uint16_t> code(points);
  for (size_t i = 0; i < points; ++i) {
    if (counts[i] == 0) continue;
    code[i] = static_cast<uint16_t>(result.centroids.size());
    result.centroids.push_back(static_cast<float>(sums[i] / counts[i]));
  }
  for (const uint32_t i : at) result.codes.push_back(code[i]);
  return result;
}

Clustering by_grid(const QuantizerInput& in) {
  const double most = sharing_loss(in, by_k_means(in)) * kSameLoss;
  size_t low = 1, high = size_t{1} << std::min(in.bits + 4, 16);
  while (low + 1 < high) {
    const size_t middle = (low + high) / 2;
    (sharing_loss(in, on_grid(in, middle)) > most ? low : high) = middle;
  }
  return on_grid(in, high);
}

constexpr Quantizer kQuantizers[] = {
    {"kmeans", "2^bits values of least squared error", by_k_means},
    {"hessian", "2^bits values of least error weighted by curvature", by_hessian},
    {"rate", "values whose codes cost least at the loss of kmeans", by_rate},
    {"grid", "means of evenly laid cells at the loss of kmeans", by_grid},
};

}  // namespace

double sharing_loss(const QuantizerInput& input, const Clustering& clusters) {
  double loss = 0;
  for (size_t i = 0; i < input.values.size(); ++i) {
    const double apart =
        static_cast<double>(input.values[i]) - static_cast<double>(clusters.centroids[clusters.codes[i]]);
    loss += (input.importance.empty() ? 1.0 : static_cast<double>(input.importance[i])) / 2 * apart * apart;
  }
  return loss;
}

std::span<const Quantizer> quantizers() { return kQuantizers; }

Clustering best_quantized(const QuantizerInput& input,
                          const std::function<size_t(const Clustering&)>& bytes) {
  Clustering best = by_k_means(input);
  const double most = sharing_loss(input, best) * kSameLoss;
  size_t fewest = bytes(best);
  for (const Quantizer& quantizer : kQuantizers) {
    if (quantizer.cluster == by_k_means) continue;
    Clustering next = quantizer.cluster(input);
    if (sharing_loss(input, next) > most) continue;
    const size_t size = bytes(next);
    if (size >= fewest) continue;
    fewest = size;
    best = std::move(next);
  }
  return best;
}

}  // namespace netsuke::compress
