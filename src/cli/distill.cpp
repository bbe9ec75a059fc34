#include <fmt/format.h>

#include <cmath>

#include "cli/training_verb.h"
#include "data/relabel.h"
#include "graph/preprocess.h"
#include "report/table.h"
#include "train/head.h"

namespace netsuke::cli {
namespace {

struct Options : TrainingVerb {
  std::vector<std::string> teachers;
  std::string student, unlabelled, omitted;
  int64_t labelled = -1;
  bool fit_bias = false;
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

/// Teachers and student, a row each: errors on the test images.
class JudgedTable {
 public:
  void add(const std::string& name, int64_t params, const Accuracy& accuracy) {
    const auto errors = std::llround(static_cast<double>(accuracy.images) * accuracy.error() / 100);
    table_.row(
        {name, report::grouped(params), report::grouped(errors), fmt::format("{:.2f} %", accuracy.error())});
    report::Json& row = rows_.emplace_back(report::Json{{"model", name}, {"params", params}});
    report::add_accuracy(row, accuracy.images, accuracy.top1, accuracy.top5);
  }
  std::string text() const { return table_.render() + "\n"; }
  const report::Json& json() const { return rows_; }

 private:
  report::Table table_{{"<network", "parameters", "errors", "error"}};
  report::Json rows_ = report::Json::array();
};

std::vector<Graph> load_teachers(const Options& options) {
  std::vector<Graph> teachers;
  for (const std::string& name : options.teachers)
    teachers.push_back(load_model_argument(name, options.common.seed, {}).graph);
  return teachers;
}

/// A teacher of the same classes in another order would teach the wrong ones.
void check_order_of_classes(const std::string& teacher, const std::vector<std::string>& theirs,
                            const std::vector<std::string>& ours) {
  for (size_t i = 0; i < ours.size(); ++i) {
    if (i < theirs.size() && theirs[i] == ours[i]) continue;  // a name may come twice
    const auto found = std::ranges::find(theirs, ours[i]);
    if (found != theirs.end())
      fail(ErrorCode::input, "teacher ", teacher, ": its output ", found - theirs.begin(), " is ", ours[i],
           ", the data set has it as class ", i, "; --class-folders gives the data set the teacher's order");
  }
}

void run(Options options) {
  const Output output(options.common);
  const Log log = terminal_log();
  options.check_output();
  if (options.fit_bias && options.omitted.empty())
    fail(ErrorCode::usage, "--fit-bias: raises the bias of the class of --omit-class, which is not given");
  LoadedModel student = load_model_argument(options.student, options.common.seed, options.about);
  options.set_dropout(student.graph);
  const std::vector<Graph> teachers = load_teachers(options);
  const Wanted wanted = wanted_by(student, log);
  const TransferSet set = open_transfer_set(options, wanted);
  for (size_t i = 0; i < teachers.size(); ++i)
    check_order_of_classes(options.teachers[i], labels_of(teachers[i]), set.split.train->classes());
  if (options.fit_bias && set.split.validation->size() == 0)
    fail(ErrorCode::usage, "--fit-bias: needs validation images, and --validation is 0");
  options.begin(set.split,
                {{"verb", "distill"},
                 {"student", options.student},
                 {"teachers", options.teachers},
                 {"labelled", options.labelled},
                 {"unlabelled", options.unlabelled},
                 {"omit_class", options.omitted},
                 {"fit_bias", options.fit_bias}},
                wanted, log);
  const Dataset* validation = set.split.validation->size() > 0 ? set.split.validation.get() : nullptr;
  train::Result result =
      train::module().train(student.graph, *set.split.train, validation, teachers, options.training, log);
  if (!TrainingVerb::writes()) return;
  double raised = 0;
  if (options.fit_bias) raised = fit_bias(result.graph, set.left_out, *validation, options.common, log);
  Trained trained = options.finish(result, *set.split.train, log);
  if (options.fit_bias) trained.json["bias_raised"] = raised;

  JudgedTable judged;
  int64_t params = 0;
  for (size_t i = 0; i < teachers.size(); ++i) {
    judged.add(options.teachers[i], parameter_count(teachers[i]),
               measure_accuracy(teachers[i], *trained.test, options.common.threads, log));
    params += parameter_count(teachers[i]);
  }
  trained.json["teachers"] = judged.json();
  if (teachers.size() > 1) {
    const Accuracy together = measure_ensemble(teachers, *trained.test, options.common.threads, log);
    judged.add("all of them, averaged", params, together);
    trained.json["teachers_error"] = together.error();
  }
  judged.add(options.output, parameter_count(trained.written.graph), trained.accuracy);
  output.text(judged.text());
  options.print(output, trained);
  output.finish(trained.json);
}

}  // namespace

void add_distill(Flags& verb) {
  const auto options = std::make_shared<Options>();
  train::Options& training = options->training;
  training.distill_alpha = 0.9;
  verb.option("--teacher", options->teachers,
              "a trained network to learn from; several times for several, whose probabilities are averaged")
      .required();
  verb.option("--student", options->student, "the name of an architecture, or a .nsk or .onnx file")
      .required();
  verb.option("--temperature", training.distill_temperature, "T: how soft the targets are").show_default();
  verb.option("--alpha", training.distill_alpha, "loss = ALPHA T^2 soft + (1 - ALPHA) hard").show_default();
  verb.flag("--match-logits", training.match_logits,
            "match the scores themselves: what soft targets become at high temperatures");
  verb.option(
      "--teacher-answers", training.teacher_answers,
      "a file to keep the teachers' answers in, for other students (images as they are, or with --versions)");
  verb.option("--labelled", options->labelled, "use the labels of that many images only; 0 for none")
      .not_negative();
  verb.option("--unlabelled", options->unlabelled,
              "more images to learn from, whose labels are not looked at");
  verb.option("--omit-class", options->omitted, "leave the images of this class out of the training images");
  verb.flag("--fit-bias", options->fit_bias,
            "raise the bias of the class left out, by what is best on the validation images");
  options->add_to(verb);
  verb.run([options] { run(*options); });
}

}  // namespace netsuke::cli
