#include "recipe/retrain.h"

#include <filesystem>

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
  return trained;
}

}  // namespace netsuke::recipe
