#include "cli/training_verb.h"

#include <fmt/format.h>

#include <filesystem>

#include "graph/preprocess.h"
#include "report/table.h"
#include "train/world.h"

namespace netsuke::cli {
namespace {

/// Class names worth keeping in the file: digits name themselves.
void keep_labels(Graph& graph, const Dataset& data) {
  const auto& classes = data.classes();
  for (size_t i = 0; i < classes.size(); ++i)
    if (classes[i] != std::to_string(i)) return set_labels(graph, classes);
}

/// Those that were given, by the flags' names.
report::Json json_of(const ModelFlags& about) {
  report::Json json = report::Json::object();
  const auto add = [&](const char* name, const auto& value, const auto& unset) {
    if (value != unset) json[name] = value;
  };
  add("input", about.input, ""), add("classes", about.outputs, 0), add("labels", about.labels, "");
  add("set", about.set, std::vector<std::string>()), add("describe", about.description, "");
  add("mean", about.mean, ""), add("std", about.std, ""), add("scale", about.scale, 0.0);
  add("order", about.order, ""), add("resize", about.resize, 0);
  add("class_folders", about.class_folders, "");
  if (about.keep_batch_norm) json["keep_batch_norm"] = true;
  return json;
}

}  // namespace

bool TrainingVerb::writes() { return train::world_from_environment().rank == 0; }

void TrainingVerb::add_to(Flags& verb) {
  common.add_to(verb);
  about.add_to(verb);
  data.add_to(verb);
  folder.add_to(verb);
  add_training_flags(verb, training);
  verb.option("-o,--output", output, "the .nsk or .onnx file to write").required();
  verb.flag("--resume", resume,
            "go on from OUTPUT.checkpoint, which every epoch, some minutes and Ctrl-C leave");
  verb.option("--dropout", dropout, "ratio of the network's dropouts; default as the architecture has it")
      .between(0.0, 0.99);
}

void TrainingVerb::check_output() {
  if (!writes()) return;
  check_model_path(output, common.force);
  lock = std::make_shared<const OutputLock>(output);
  const std::string checkpoint = output + ".checkpoint";
  if (!resume && !common.force && std::filesystem::exists(checkpoint))
    fail(ErrorCode::usage, checkpoint,
         ": exists already, from a run that was stopped; --resume goes on from it, "
         "--force begins anew");
}

void TrainingVerb::set_dropout(Graph& graph) const {
  if (dropout < 0) return;
  for (Node& node : graph.nodes)
    if (auto* op = std::get_if<Dropout>(&node.op)) op->ratio = static_cast<float>(dropout);
}

void TrainingVerb::begin(const Split& split, report::Json about_run, const Wanted& wanted, const Log& log) {
  training.seed = common.seed;
  training.threads = common.threads;
  training.checkpoint = output + ".checkpoint";
  training.resume = resume;
  if (!writes()) return;
  test = open_dataset(data.data, Part::test, wanted);
  about_run.update({{"netsuke", NETSUKE_VERSION},
                    {"data", data.data},
                    {"network", json_of(about)},
                    {"dropout", dropout},
                    {"images", split.train->size()},
                    {"validation_images", split.validation->size()},
                    {"output", output},
                    {"training", report::training_json(training)}});
  folder.follow(training, about_run, log);
}

Trained TrainingVerb::finish(train::Result result, const Dataset& learned_from, const Log& log) const {
  result.graph.metadata["train.learning_rate"] = cat(training.learning_rate);
  keep_labels(result.graph, learned_from);
  Trained trained{.written = write_and_reread(result.graph, {.threads = common.threads}, output),
                  .test = test,
                  .accuracy = {},
                  .json = {}};
  std::filesystem::remove(training.checkpoint);
  try {
    trained.accuracy = measure_accuracy(trained.written.graph, *trained.test, common.threads, log);
  } catch (const Error& error) {
    fail(error.code(), error.what(), "; the training is over, ", output, " is written");
  }
  trained.json = report::describe(trained.written.graph, output, &trained.written.ledger);
  report::add_accuracy(trained.json, trained.accuracy.images, trained.accuracy.top1, trained.accuracy.top5);
  trained.json["seed"] = common.seed;
  trained.json["best_epoch"] = result.best_epoch;  // an index into "epochs"
  trained.json["epochs"] = report::Json::array();
  for (const train::Epoch& epoch : result.epochs) trained.json["epochs"].push_back(report::epoch_json(epoch));
  return trained;
}

void TrainingVerb::print(const Output& out, const Trained& trained) const {
  print_ledger(out, trained.written, trained.written.graph);
  out.text(
      fmt::format("{}: {} bytes, the weights of epoch {} of {}, top-1 {:.2f} % on {} ({} images, by the "
                  "runtime, from the file)\n",
                  output, report::grouped(trained.written.ledger.file_bytes),
                  trained.json["best_epoch"].get<int>() + 1, trained.json["epochs"].size(),
                  trained.accuracy.top1, trained.test->name(), report::grouped(trained.accuracy.images)));
}

}  // namespace netsuke::cli
