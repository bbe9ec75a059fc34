#include "recipe/retrain.h"

#include <filesystem>

#include "base/rounded.h"
#include "base/text.h"

namespace netsuke::recipe {
namespace {

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
  if (!context.work_folder.empty()) options.checkpoint = context.work_folder + "/retrain.checkpoint";
  options.resume = context.resume && std::filesystem::exists(options.checkpoint);
  std::vector<Graph> teachers;
  if (retrain.teacher_is_original) teachers.push_back(original);
  Graph trained =
      train::module().train(graph, *context.data, context.validation, teachers, options, context.log).graph;
  if (!options.checkpoint.empty()) std::filesystem::remove(options.checkpoint);
  if (!context.validation_error) return trained;
  const double before = context.validation_error(graph), after = context.validation_error(trained);
  if (after <= before) return trained;
  context.log.line(cat("retraining is undone: ", rounded(before, 2),
                       " % of the validation images were wrong before it, ", rounded(after, 2),
                       " % after; a lower learning rate than ", options.learning_rate,
                       " or more images may help"));
  return graph;
}

}  // namespace netsuke::recipe
