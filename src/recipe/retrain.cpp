#include "recipe/retrain.h"

#include <filesystem>
#include <optional>
#include <utility>

#include "base/rounded.h"
#include "base/text.h"
#include "recipe/bearable_rate.h"

namespace netsuke::recipe {
namespace {

constexpr double kNoise = 0.5;  ///< points of error that one retraining differs from the next by

constexpr double kAssumedRate = 0.01;  ///< of a model that does not say its own

/// The rate the model was trained with, which our own training records in the metadata.
std::optional<double> recorded_rate(const Graph& original) {
  const auto recorded = original.metadata.find("train.learning_rate");
  if (recorded == original.metadata.end()) return {};
  return parse_number(recorded->second, "metadata train.learning_rate");
}

}  // namespace

Graph retrain(const Retrain& retrain, const Graph& graph, const Graph& original, const Context& context) {
  train::Options options = retrain.options;
  options.seed = context.seed;
  options.threads = context.threads;
  std::vector<Graph> teachers;
  if (retrain.teacher_is_original) teachers.push_back(original);
  const std::optional<double> recorded = recorded_rate(original);
  options.learning_rate = retrain.learning_rate.value_or(retrain.rate * recorded.value_or(kAssumedRate));
  if (!retrain.learning_rate && !recorded)
    options.learning_rate = bearable_rate(graph, teachers, options, context);
  const std::string folder = context.work_folder.empty() ? "" : context.work_folder + "/";
  const auto checkpoint = [&](const char* name) { return folder.empty() ? "" : folder + name; };
  const auto trained = [&](const std::string& path) {
    options.checkpoint = path;
    options.resume = context.resume && std::filesystem::exists(path);
    Graph result =
        train::module().train(graph, *context.data, context.validation, teachers, options, context.log).graph;
    if (!path.empty()) std::filesystem::remove(path);
    return result;
  };
  const std::string first = checkpoint("retrain.checkpoint"),
                    slower = checkpoint("retrain-slower.checkpoint");
  if (!context.validation_error) return trained(first);
  const double before = context.validation_error(graph);
  const auto harmless = [&](const std::string& path) -> std::optional<Graph> {
    Graph result = trained(path);
    const double after = context.validation_error(result);
    if (after <= before + kNoise) return result;
    context.log.line(cat("retraining at ", options.learning_rate, " is undone: ", rounded(before, 2),
                         " % of the validation images were wrong before it, ", rounded(after, 2),
                         " % after"));
    return {};
  };
  std::optional<Graph> result;
  if (!(context.resume && std::filesystem::exists(slower))) result = harmless(first);
  if (result) return std::move(*result);
  options.learning_rate /= 10;
  return harmless(slower).value_or(graph);
}

}  // namespace netsuke::recipe
