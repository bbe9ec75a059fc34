#include <fmt/format.h>

#include <cmath>
#include <filesystem>

#include "cli/common.h"
#include "cli/training_flags.h"
#include "data/catalog.h"
#include "data/relabel.h"
#include "report/table.h"
#include "runtime/session.h"
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
  std::vector<std::string> teachers;
  std::string student, output, unlabelled, omitted;
  int64_t labelled = -1;
  bool fit_bias = false, resume = false;
};

/// The images to learn from, in all the ways in which labels may be missing.
struct TransferSet {
  Split split;
  int left_out = -1;  ///< the label of --omit-class
};

TransferSet open_transfer_set(const Options& options, const Wanted& wanted) {
  TransferSet set{options.data.open(wanted), -1};
  if (!options.omitted.empty()) {
    auto [rest, label] = leave_out(set.split.train, options.omitted);
    set.split.train = rest;
    set.left_out = label;
  }
  if (options.labelled >= 0)
    set.split.train = forget_labels(set.split.train, options.labelled, options.common.seed);
  if (!options.unlabelled.empty()) {
    const DatasetPtr more = open_dataset(options.unlabelled, Part::train, wanted);
    set.split.train = joined(set.split.train, forget_labels(more, 0, options.common.seed));
  }
  return set;
}

/// The bias of the class that was left out, raised by what gives the fewest errors on the validation images:
/// a student that has never seen a class can only believe too little in it (Hinton 2015, section 3).
double fit_bias(Graph& graph, int label, const Dataset& validation, const Common& common, const Log& log) {
  constexpr double kStep = 0.25, kMost = 12;
  double best = 0, least_error = 101;
  for (double raise = 0; raise <= kMost; raise += kStep) {
    const Graph raised = train::with_raised_bias(graph, label, static_cast<float>(raise));
    const double error = measure_accuracy(raised, validation, common.threads, log).error();
    if (error < least_error) least_error = error, best = raise;
  }
  graph = train::with_raised_bias(graph, label, static_cast<float>(best));
  return best;
}

struct Judged {
  std::string name;
  int64_t params = 0;
  Accuracy accuracy;
};

void print_table(const Output& output, const std::vector<Judged>& judged) {
  report::Table table({"<network", "parameters", "errors", "error"});
  for (const Judged& j : judged) {
    const auto errors = std::llround(static_cast<double>(j.accuracy.images) * j.accuracy.error() / 100);
    table.row({j.name, report::grouped(j.params), report::grouped(errors),
               fmt::format("{:.2f} %", j.accuracy.error())});
  }
  output.text(table.render() + "\n");
}

report::Json to_json(const Judged& j) {
  report::Json json = {{"model", j.name}, {"params", j.params}};
  report::add_accuracy(json, j.accuracy.images, j.accuracy.top1, j.accuracy.top5);
  return json;
}

void run(Options options) {
  const Output output(options.common);
  const Log log = terminal_log();
  const bool writes = train::world_from_environment().rank == 0;
  if (writes) check_model_path(options.output, options.common.force);
  LoadedModel student = load_model_argument(options.student, options.common.seed, options.about);
  std::vector<Graph> teachers;
  for (const std::string& name : options.teachers)
    teachers.push_back(load_model_argument(name, options.common.seed, {}).graph);
  const Wanted wanted = wanted_by(student, log);
  const TransferSet set = open_transfer_set(options, wanted);
  if (options.fit_bias && set.left_out < 0)
    fail(ErrorCode::usage, "--fit-bias: raises the bias of the class of --omit-class, which is not given");
  options.training.seed = options.common.seed;
  options.training.threads = options.common.threads;
  options.training.checkpoint = options.output + ".checkpoint";
  options.training.resume = options.resume;
  const report::Json settings = {
      {"verb", "distill"},          {"netsuke", NETSUKE_VERSION},
      {"student", options.student}, {"teachers", options.teachers},
      {"data", options.data.data},  {"images", set.split.train->size()},
      {"output", options.output},   {"training", report::training_json(options.training)}};
  if (writes) options.folder.follow(options.training, settings, log);
  const Dataset* validation = set.split.validation->size() > 0 ? set.split.validation.get() : nullptr;
  train::Result result =
      train::module().train(student.graph, *set.split.train, validation, teachers, options.training, log);
  if (!writes) return;
  result.graph.metadata["train.learning_rate"] = cat(options.training.learning_rate);
  report::Json json;
  if (options.fit_bias && validation)
    json["bias_raised"] = fit_bias(result.graph, set.left_out, *validation, options.common, log);
  const WrittenFile written =
      write_and_reread(result.graph, {.threads = options.common.threads}, options.output);
  std::filesystem::remove(options.training.checkpoint);

  const DatasetPtr test = open_dataset(options.data.data, Part::test, wanted);
  std::vector<Judged> judged;
  const auto judge = [&](const std::string& name, const Graph& graph) {
    judged.push_back(
        {name, parameter_count(graph), measure_accuracy(graph, *test, options.common.threads, log)});
  };
  for (size_t i = 0; i < teachers.size(); ++i) judge(options.teachers[i], teachers[i]);
  judge(options.output, written.graph);
  json.update(report::describe(written.graph, options.output, &written.ledger));
  const Accuracy& last = judged.back().accuracy;
  report::add_accuracy(json, last.images, last.top1, last.top5);
  json["seed"] = options.common.seed;
  json["best_epoch"] = result.best_epoch;
  for (size_t i = 0; i < teachers.size(); ++i) json["teachers"].push_back(to_json(judged[i]));
  for (const train::Epoch& e : result.epochs) json["epochs"].push_back(report::epoch_json(e));
  print_table(output, judged);
  output.text(fmt::format("{}: {} bytes, top-1 {:.2f} % on {} ({} images, by the runtime, from the file)\n",
                          options.output, report::grouped(written.ledger.file_bytes), last.top1, test->name(),
                          report::grouped(last.images)));
  output.finish(json);
}

}  // namespace

void add_distill(CLI::App& verb) {
  const auto options = std::make_shared<Options>();
  train::Options& training = options->training;
  training.distill_alpha = 0.9;
  options->common.add_to(verb);
  options->about.add_to(verb);
  verb.add_option(
          "--teacher", options->teachers,
          "a trained network to learn from; several times for several, whose probabilities are averaged")
      ->required();
  verb.add_option("--student", options->student, "the name of an architecture, or a .nsk or .onnx file")
      ->required();
  verb.add_option("--temperature", training.distill_temperature, "T: how soft the targets are")
      ->capture_default_str();
  verb.add_option("--alpha", training.distill_alpha, "loss = ALPHA T^2 soft + (1 - ALPHA) hard")
      ->capture_default_str();
  verb.add_flag("--match-logits", training.match_logits,
                "match the scores themselves: what soft targets become at high temperatures");
  verb.add_option("--teacher-answers", training.teacher_answers,
                  "a file to keep the teachers' answers in, for other students (images not augmented)");
  verb.add_option("--labelled", options->labelled, "use the labels of that many images only; 0 for none");
  verb.add_option("--unlabelled", options->unlabelled,
                  "more images to learn from, whose labels are not looked at");
  verb.add_option("--omit-class", options->omitted,
                  "leave the images of this class out of the training images");
  verb.add_flag("--fit-bias", options->fit_bias,
                "raise the bias of the class left out, by what is best on the validation images");
  options->data.add_to(verb);
  options->folder.add_to(verb);
  add_training_flags(verb, training);
  verb.add_option("-o,--output", options->output, "the .nsk or .onnx file to write")->required();
  verb.add_flag("--resume", options->resume,
                "go on from OUTPUT.checkpoint, which every epoch and Ctrl-C leave");
  verb.callback([options] { run(*options); });
}

}  // namespace netsuke::cli
