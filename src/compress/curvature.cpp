#include "compress/curvature.h"

#include <numeric>

#include "base/error.h"
#include "compress/mask.h"

namespace netsuke::compress {
namespace {

constexpr double kShareOfMean = 0.1;

}  // namespace

std::vector<float> kept_curvature(const Graph& graph, const Target& target, const Curvature& curvature) {
  const Weight& weight = *graph.values[target.value].weight;
  const std::vector<float>& diagonal = curvature.at(target.value);
  if (diagonal.size() != static_cast<size_t>(weight_count(weight)))
    fail(ErrorCode::usage, "curvature of ", target.name, ": has ", diagonal.size(), " values for ",
         weight_count(weight), " weights");
  const double mean = std::accumulate(diagonal.begin(), diagonal.end(), 0.0) /
                      static_cast<double>(std::max<size_t>(1, diagonal.size()));
  std::vector<float> kept;
  for (const uint32_t position : kept_positions(weight))
    kept.push_back(static_cast<float>(static_cast<double>(diagonal[position]) + kShareOfMean * mean));
  return kept;
}

std::vector<float> saliencies(const Weight& weight, const std::vector<float>& kept_curvature) {
  std::vector<float> result = kept_values(weight);
  for (size_t i = 0; i < result.size(); ++i) result[i] = kept_curvature[i] / 2 * result[i] * result[i];
  return result;
}

double predicted_growth(const Weight& before, const Weight& after, const std::vector<float>& diagonal) {
  const Tensor was = to_dense(before), is = to_dense(after);
  if (was.data.size() != is.data.size() || was.data.size() != diagonal.size())
    fail(ErrorCode::usage, "predicted growth: of ", was.data.size(), " weights, ", is.data.size(),
         " changed ones and ", diagonal.size(), " curvatures");
  double growth = 0;
  for (size_t i = 0; i < diagonal.size(); ++i) {
    const double change = static_cast<double>(is.data[i]) - static_cast<double>(was.data[i]);
    growth += static_cast<double>(diagonal[i]) / 2 * change * change;
  }
  return growth;
}

}  // namespace netsuke::compress
