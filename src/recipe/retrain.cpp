#include "recipe/retrain.h"

#include <filesystem>

#include "base/rounded.h"
#include "base/text.h"

namespace netsuke::recipe {
namespace {

constexpr double kNoise = 0.5;  ///< points of error that one retraining differs from the next by

/// The rate the model was trained with, which our own training records in the metadata.
double original_rate(const Graph& original) {
  const auto recorded = original.metadata.find("train.learning_rate");
  return recorded == original.metadata.end() ? 0.01
                                             : parse_number(recorded->second, "metadata train.learning_rate");
}

}  // namespace

Graph retrain(const Retrain& retrain, const Graph& graph, const Graph& original, const Context& context) {
  train::Options options = retrain.options;
  options.learning_rate = retrain.learning_rate.value_or(retrain.rate * original_rate(original));
  options.seed = context.seed;
  options.threads = context.threads;
  std::vector<Graph> teachers;
  if (retrain.teacher_is_original) teachers.push_back(original);
  const auto checkpoint = [&](const char* name) {
    return context.work_folder.empty() ? "" : cat(context.work_folder, "/", name);
  };
  const auto trained = [&](const char* name) {
    options.checkpoint = checkpoint(name);
    options.resume = context.resume && std::filesystem::exists(options.checkpoint);
    Graph result =
        train::module().train(graph, *context.data, context.validation, teachers, options, context.log).graph;
    if (!options.checkpoint.empty()) std::filesystem::remove(options.checkpoint);
    return result;
  };
  constexpr const char *kFirst = "retrain.checkpoint", *kSlower = "retrain-slower.checkpoint";
  if (!context.validation_error) return trained(kFirst);
  const double before = context.validation_error(graph);
  const bool was_slower = context.resume && std::filesystem::exists(checkpoint(kSlower));
  for (const char* name : {kFirst, kSlower}) {
    if (name == kSlower) options.learning_rate /= 10;
    if (name == kFirst && was_slower) continue;
    Graph result = trained(name);
    const double after = context.validation_error(result);
    if (after <= before + kNoise) return result;
    context.log.line(cat("retraining at ", options.learning_rate, " is undone: ", rounded(before, 2),
                         " % of the validation images were wrong before it, ", rounded(after, 2),
                         " % after"));
  }
  return graph;
}

}  // namespace netsuke::recipe
