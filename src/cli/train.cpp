#include <filesystem>

#include "cli/training_verb.h"
#include "train/head.h"

namespace netsuke::cli {
namespace {

struct Options : TrainingVerb {
  std::string model;
  double dropout = -1;
};

void set_dropout(Graph& graph, double ratio) {
  for (Node& node : graph.nodes)
    if (auto* dropout = std::get_if<Dropout>(&node.op)) dropout->ratio = static_cast<float>(ratio);
}

/// An architecture, or a model whose last layer is replaced if other classes are asked for.
LoadedModel load_to_train(const Options& options) {
  ModelFlags about = options.about;
  std::error_code ignored;
  const bool is_file = std::filesystem::exists(options.model, ignored);
  const int classes = is_file ? std::exchange(about.outputs, 0) : 0;
  LoadedModel model = load_model_argument(options.model, options.common.seed, about);
  if (classes > 0) model.graph = train::with_new_head(model.graph, classes, options.common.seed);
  return model;
}

void run(Options options) {
  const Output output(options.common);
  const Log log = terminal_log();
  options.check_output();
  LoadedModel model = load_to_train(options);
  const Wanted wanted = wanted_by(model, log);
  if (options.dropout >= 0) set_dropout(model.graph, options.dropout);
  const Split data = options.data.open(wanted);
  options.begin(data, {{"verb", "train"}, {"model", options.model}}, log);
  const Dataset* validation = data.validation->size() > 0 ? data.validation.get() : nullptr;
  const train::Result result =
      train::module().train(model.graph, *data.train, validation, {}, options.training, log);
  if (!TrainingVerb::writes()) return;
  const Trained trained = options.finish(result, *data.train, wanted, log);
  options.print(output, trained);
  output.finish(trained.json);
}

}  // namespace

void add_train(CLI::App& verb) {
  const auto options = std::make_shared<Options>();
  verb.add_option("MODEL", options->model,
                  "the name of an architecture, or a .nsk or .onnx file to go on from")
      ->required();
  options->add_to(verb);
  verb.add_option("--dropout", options->dropout,
                  "ratio of the network's dropouts; default as the architecture has it");
  verb.callback([options] { run(*options); });
}

}  // namespace netsuke::cli
