#include <fmt/format.h>

#include <filesystem>

#include "cli/common.h"
#include "cli/training_flags.h"
#include "data/catalog.h"
#include "graph/preprocess.h"
#include "report/table.h"
#include "train/head.h"
#include "train/world.h"

namespace netsuke::cli {
namespace {

struct Options {
  Common common;
  ModelFlags about;
  DataFlags data;
  RunFolder folder;
  train::Options training;
  std::string model, output;
  bool resume = false;
  double dropout = -1;
};

void set_dropout(Graph& graph, double ratio) {
  for (Node& node : graph.nodes)
    if (auto* dropout = std::get_if<Dropout>(&node.op)) dropout->ratio = static_cast<float>(ratio);
}

/// Class names worth keeping in the file: digits name themselves.
void keep_labels(Graph& graph, const Dataset& data) {
  const auto& classes = data.classes();
  for (size_t i = 0; i < classes.size(); ++i)
    if (classes[i] != std::to_string(i)) return set_labels(graph, classes);
}

report::Json epochs_json(const train::Result& result) {
  report::Json list = report::Json::array();
  for (const train::Epoch& e : result.epochs) list.push_back(report::epoch_json(e));
  return list;
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

report::Json settings_json(const Options& options, const Split& data) {
  return {{"verb", "train"},
          {"netsuke", NETSUKE_VERSION},
          {"model", options.model},
          {"data", options.data.data},
          {"images", data.train->size()},
          {"validation_images", data.validation->size()},
          {"output", options.output},
          {"training", report::training_json(options.training)}};
}

void run(Options options) {
  const Output output(options.common);
  const Log log = terminal_log();
  const bool writes = train::world_from_environment().rank == 0;
  if (writes) check_model_path(options.output, options.common.force);
  LoadedModel model = load_to_train(options);
  const Wanted wanted = wanted_by(model, log);
  if (options.dropout >= 0) set_dropout(model.graph, options.dropout);
  const Split data = options.data.open(wanted);
  options.training.seed = options.common.seed;
  options.training.threads = options.common.threads;
  options.training.checkpoint = options.output + ".checkpoint";
  options.training.resume = options.resume;
  if (writes) options.folder.follow(options.training, settings_json(options, data), log);
  const Dataset* validation = data.validation->size() > 0 ? data.validation.get() : nullptr;
  train::Result result =
      train::module().train(model.graph, *data.train, validation, {}, options.training, log);
  if (!writes) return;
  result.graph.metadata["train.learning_rate"] = cat(options.training.learning_rate);
  keep_labels(result.graph, *data.train);

  const WrittenFile written =
      write_and_reread(result.graph, {.threads = options.common.threads}, options.output);
  std::filesystem::remove(options.training.checkpoint);
  const DatasetPtr test = open_dataset(options.data.data, Part::test, wanted);
  const Accuracy accuracy = measure_accuracy(written.graph, *test, options.common.threads, log);
  report::Json json = report::describe(written.graph, options.output, &written.ledger);
  report::add_accuracy(json, accuracy.images, accuracy.top1, accuracy.top5);
  json["seed"] = options.common.seed;
  json["best_epoch"] = result.best_epoch;
  json["epochs"] = epochs_json(result);
  print_ledger(output, written);
  output.text(fmt::format("{}: {} bytes, top-1 {:.2f} % on {} ({} images, by the runtime, from the file)\n",
                          options.output, report::grouped(written.ledger.file_bytes), accuracy.top1,
                          test->name(), report::grouped(accuracy.images)));
  output.finish(json);
}

}  // namespace

void add_train(CLI::App& verb) {
  const auto options = std::make_shared<Options>();
  options->common.add_to(verb);
  options->about.add_to(verb);
  verb.add_option("MODEL", options->model,
                  "the name of an architecture, or a .nsk or .onnx file to go on from")
      ->required();
  options->data.add_to(verb);
  options->folder.add_to(verb);
  add_training_flags(verb, options->training);
  verb.add_option("--dropout", options->dropout,
                  "ratio of the network's dropouts; default as the architecture has it");
  verb.add_option("-o,--output", options->output, "the .nsk or .onnx file to write")->required();
  verb.add_flag("--resume", options->resume,
                "go on from OUTPUT.checkpoint, which every epoch and Ctrl-C leave");
  verb.callback([options] { run(*options); });
}

}  // namespace netsuke::cli
