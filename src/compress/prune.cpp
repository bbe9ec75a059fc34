#include "compress/prune.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/catalog.h"
#include "compress/mask.h"

namespace netsuke::compress {
namespace {

/// Over all elements, those already pruned counting as zeros.
double standard_deviation(const Weight& weight) {
  const auto count = static_cast<double>(weight_count(weight));
  if (count == 0) return 0;
  double sum = 0, squares = 0;
  const std::vector<float> values = kept_values(weight);
  for (double value : values) sum += value;
  const double mean = sum / count;
  for (double value : values) squares += (value - mean) * (value - mean);
  squares += (count - static_cast<double>(values.size())) * mean * mean;
  return std::sqrt(squares / count);
}

std::vector<float> magnitudes(const Weight& weight) {
  std::vector<float> values = kept_values(weight);
  for (float& value : values) value = std::fabs(value);
  return values;
}

size_t share_of(double density, int64_t elements) {
  return static_cast<size_t>(std::llround(density * static_cast<double>(elements)));
}

void require_density(double density) {
  if (!(density >= 0 && density <= 1))
    fail(ErrorCode::usage, "density: found ", density, ", expected a share from 0 to 1");
}

std::vector<Target> chosen_targets(const Graph& graph, std::span<const std::string> layers) {
  std::vector<Target> targets = weight_targets(graph);
  require_known(layers, targets, "layers");
  std::erase_if(targets, [&](const Target& target) { return !deciding_key(layers, target); });
  return targets;
}

}  // namespace

Graph prune_by_quality(const Graph& graph, const PerLayer<double>& quality) {
  Graph result = graph;
  const std::vector<Target> targets = weight_targets(graph);
  const auto qualities = resolve(quality, targets, "quality");
  for (size_t i = 0; i < targets.size(); ++i) {
    if (!qualities[i]) continue;
    if (!(*qualities[i] >= 0))
      fail(ErrorCode::usage, "quality: found ", *qualities[i], ", expected 0 or more");
    const Weight& weight = *graph.values[targets[i].value].weight;
    const double threshold = *qualities[i] * standard_deviation(weight);
    std::vector<bool> keep;
    for (float magnitude : magnitudes(weight)) keep.push_back(magnitude >= threshold);
    result.values[targets[i].value].weight = keep_only(weight, keep);
  }
  return result;
}

Graph prune_to_density(const Graph& graph, const PerLayer<double>& density) {
  Graph result = graph;
  const std::vector<Target> targets = weight_targets(graph);
  const auto densities = resolve(density, targets, "density");
  for (size_t i = 0; i < targets.size(); ++i) {
    if (!densities[i]) continue;
    require_density(*densities[i]);
    const Weight& weight = *graph.values[targets[i].value].weight;
    result.values[targets[i].value].weight =
        keep_only(weight, largest(magnitudes(weight), share_of(*densities[i], weight_count(weight))));
  }
  return result;
}

Graph prune_globally(const Graph& graph, double density, bool scale_by_deviation,
                     std::span<const std::string> layers) {
  require_density(density);
  const std::vector<Target> targets = chosen_targets(graph, layers);
  std::vector<float> scores;  // of all layers, one after the other
  int64_t elements = 0;
  for (const Target& target : targets) {
    const Weight& weight = *graph.values[target.value].weight;
    const double deviation = scale_by_deviation ? standard_deviation(weight) : 1;
    for (double magnitude : magnitudes(weight))
      scores.push_back(static_cast<float>(deviation > 0 ? magnitude / deviation : magnitude));
    elements += weight_count(weight);
  }
  const std::vector<bool> keep = largest(scores, share_of(density, elements));
  Graph result = graph;
  auto next = keep.begin();
  for (const Target& target : targets) {
    const Weight& weight = *graph.values[target.value].weight;
    const auto end = next + static_cast<std::ptrdiff_t>(kept_count(weight));
    result.values[target.value].weight = keep_only(weight, {next, end});
    next = end;
  }
  return result;
}

Schedule parse_schedule(std::string_view name) {
  struct Row {
    std::string_view name;
    Schedule schedule;
  };
  static constexpr Row rows[] = {{"geometric", Schedule::geometric}, {"cubic", Schedule::cubic}};
  return find_row<Row>(rows, name, "schedule").schedule;
}

double scheduled_density(double final, int round, int rounds, Schedule schedule) {
  require_density(final);
  if (round < 1 || round > rounds) fail(ErrorCode::usage, "round: found ", round, ", expected 1 to ", rounds);
  if (round == rounds) return final;
  const double done = static_cast<double>(round) / rounds;
  if (schedule == Schedule::geometric) return std::pow(final, done);
  return final + (1 - final) * std::pow(1 - done, 3);
}

}  // namespace netsuke::compress
