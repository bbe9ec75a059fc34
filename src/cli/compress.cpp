#include <fmt/format.h>

#include "base/file.h"
#include "cli/common.h"
#include "cli/explain_accuracy.h"
#include "cli/timings.h"
#include "cli/training_flags.h"
#include "data/catalog.h"
#include "data/relabel.h"
#include "graph/cost.h"
#include "recipe/run.h"
#include "report/ledger.h"
#include "report/table.h"
#include "runtime/layer_time.h"
#include "train/world.h"

namespace netsuke::cli {
namespace {

struct Options {
  Common common;
  ModelFlags about;
  DataFlags data;
  std::string model, output, recipe, coder, original;
  int index_bits = -1;
  bool resume = false;
  recipe::Budget budget;
  double minutes = -1;
  bool explain = false, pre_flight = false;
};

/// What a recipe will give, told before an epoch is spent.
struct Expected {
  int64_t bytes = 0;
  double ms = 0;  ///< of one image
};

/// The recipe without training, on the weights as they are: retraining moves values, but hardly how many
/// there are.
Expected pre_flight(const recipe::Recipe& recipe, const Graph& graph, const Options& options) {
  if (recipe::searches(recipe))
    fail(ErrorCode::usage, "--pre-flight: recipe ", recipe.name,
         " searches, and measures every attempt as it goes");
  const recipe::Context context{
      .seed = options.common.seed, .threads = options.common.threads, .work_folder = {}, .log = {}};
  const Graph small =
      recipe::shippable(recipe::run(recipe::without_training(recipe), graph, context), recipe);
  WriteOptions write = recipe::write_options(recipe);
  write.threads = options.common.threads;
  const Written written = write_model(small, write);
  return {std::ssize(written.bytes), measure_latency(written.graph, options.common.threads).ms_median};
}

/// The stages as they pass, a row each.
class StepTable {
 public:
  explicit StepTable(const Log& log) : log_(log) {}
  void add(const recipe::StepReport& r) {
    const bool judged = r.validation_error >= 0;
    const std::string error = judged ? fmt::format("  validation error {:5.2f} %", r.validation_error) : "";
    const std::string time = r.ms >= 0 ? fmt::format("  {:.3f} ms", r.ms) : "";
    log_.line(fmt::format("{:<20} density {:5.1f} %  file {:>9} bytes{}{}  {}  {}", r.label, 100 * r.density,
                          report::grouped(r.bytes), error, time, report::duration_text(r.seconds), r.note));
    json_.push_back({{"step", r.label}, {"density", r.density}, {"bytes", r.bytes}, {"seconds", r.seconds}});
    if (r.ms >= 0) json_.back()["ms"] = r.ms;
    if (!r.note.empty()) json_.back()["note"] = r.note;
    if (judged) json_.back()["validation_error"] = r.validation_error;
  }
  const report::Json& json() const { return json_; }

 private:
  const Log& log_;
  report::Json json_ = report::Json::array();
};

/// A budget without a recipe means a search for it.
std::string recipe_of(const Options& options) {
  if (!options.recipe.empty()) return options.recipe;
  return options.budget.any() ? "smallest" : "deep-compression";
}

void apply_overrides(const Options& options, recipe::Recipe& recipe) {
  for (recipe::Stage& stage : recipe.stages)
    if (auto* search = std::get_if<recipe::Search>(&stage)) {
      if (options.budget.any()) search->budget = options.budget;
      if (options.minutes >= 0) search->minutes = options.minutes;
    }
  WriteOptions write = recipe::write_options(recipe);
  if (!options.coder.empty()) write.coder = recipe::parse_coder(options.coder);
  if (options.index_bits >= 0) write.index_bits = options.index_bits;
  if (!recipe.stages.empty() && std::holds_alternative<recipe::Code>(recipe.stages.back()))
    recipe.stages.pop_back();
  recipe.stages.push_back(recipe::Code{write});
}

/// The command's budget or, without one, that of the recipe's search, is one of milliseconds.
bool wants_time(const Options& options, const recipe::Recipe& recipe) {
  bool wants = options.budget.target_ms.has_value();
  for (const recipe::Stage& stage : recipe.stages)
    if (const auto* search = std::get_if<recipe::Search>(&stage))
      wants |= search->budget.target_ms.has_value();
  return wants;
}

struct Outcome {
  Accuracy dense, small;
  double ms = -1;  ///< of one image; negative where it was not asked for
  WrittenFile written;
};

void print(const Options& options, const Output& output, const Outcome& outcome, const Graph& dense,
           const Dataset* test, bool unlabelled) {
  if (!output.is_text()) return;
  const Ledger& ledger = outcome.written.ledger;
  const double floats = static_cast<double>(bytes_fp32(outcome.written.graph));
  output.text(report::paper_table(outcome.written.graph, ledger) + "\n");
  output.text(report::ledger_text(outcome.written.graph, ledger, report::baselines(dense)) + "\n");
  std::string sentence =
      fmt::format("{}: from {} bytes to {} bytes, {:.1f} x smaller", options.output,
                  report::grouped(static_cast<long long>(floats)), report::grouped(ledger.file_bytes),
                  floats / static_cast<double>(ledger.file_bytes));
  if (test && unlabelled)
    sentence += fmt::format(
        ", the original's answer to {:.2f} % of {} unlabelled images (by the runtime, from the file)",
        outcome.small.top1, report::grouped(outcome.small.images));
  else if (test)
    sentence += fmt::format(", top-1 {:.2f} % -> {:.2f} % ({} images of {}, by the runtime, from the file)",
                            outcome.dense.top1, outcome.small.top1, report::grouped(outcome.small.images),
                            test->name());
  output.text(sentence + "\n");
}

void add_outcome(report::Json& json, const Outcome& outcome, bool unlabelled) {
  if (unlabelled) {
    json.update({{"images", outcome.small.images}, {"agreement", outcome.small.top1}});
    return;
  }
  report::add_accuracy(json, outcome.small.images, outcome.small.top1, outcome.small.top5);
  json["top1_dense"] = outcome.dense.top1;
  json["error_dense"] = outcome.dense.error();
}

void require_budget(const Options& options, const Outcome& outcome) {
  const recipe::Budget& budget = options.budget;
  const double drop = outcome.dense.top1 - outcome.small.top1;
  if (budget.max_drop && drop > *budget.max_drop)
    fail(ErrorCode::budget, options.output, ": written, but top-1 fell by ", fmt::format("{:.2f}", drop),
         " points and --max-drop allows ", *budget.max_drop);
  if (budget.target_size && outcome.written.ledger.file_bytes > *budget.target_size)
    fail(ErrorCode::budget, options.output, ": written, but has ", outcome.written.ledger.file_bytes,
         " bytes and --target-size allows ", *budget.target_size);
  if (budget.target_ms && outcome.ms > *budget.target_ms)
    fail(ErrorCode::budget, options.output, ": written, but takes ", fmt::format("{:.3f}", outcome.ms),
         " ms and --target-ms allows ", *budget.target_ms);
}

/// Where every byte of the file went; nothing is written.
void explain(const Options& options) {
  const Output output(options.common);
  const LoadedModel model = load_model_argument(options.model, options.common.seed, options.about);
  require(!model.ledger.tensors.empty(), options.model,
          ": is not a .nsk file, there are no bytes to explain");
  print_ledger(output, {model.graph, model.ledger});
  report::Json json = report::describe(model.graph, options.model, &model.ledger);
  if (!options.original.empty()) {
    const Log log = terminal_log();
    const LoadedModel original = load_model_argument(options.original, options.common.seed, options.about);
    const DatasetPtr images = options.data.open(wanted_by(original, log)).validation;
    if (images->size() == 0) fail(ErrorCode::usage, "--validation: must be 1 or more to explain on");
    const Blame blame = blame_layers(original.graph, model.graph, *images, options.common.threads, log);
    output.text("\n" + blame_text(blame));
    json["accuracy"] = blame_json(blame);
  }
  output.finish(json);
}

void tell_pre_flight(const recipe::Recipe& recipe, const LoadedModel& model, const Options& options) {
  const Output output(options.common);
  const Expected expected = pre_flight(recipe, model.graph, options);
  const auto floats = static_cast<double>(bytes_fp32(model.graph));
  output.text(
      fmt::format("{} by recipe {}: about {} bytes, {:.1f} x smaller than its floats, {:.3f} ms an image\n",
                  options.model, recipe.name, report::grouped(expected.bytes),
                  floats / static_cast<double>(expected.bytes), expected.ms));
  output.finish({{"model", options.model},
                 {"recipe", recipe.name},
                 {"bytes", expected.bytes},
                 {"ratio", floats / static_cast<double>(expected.bytes)},
                 {"ms", expected.ms}});
}

/// What the recipe's stages need; `data`, `steps`, `log` and `timings`, which may be null, outlive it.
recipe::Context context_of(const Options& options, const recipe::Recipe& recipe, const Split& data,
                           StepTable& steps, const Log& log, runtime::Timings* timings) {
  const int threads = options.common.threads;
  recipe::Context context{.data = data.train.get(),
                          .seed = options.common.seed,
                          .threads = threads,
                          .work_folder = options.output + ".work",
                          .resume = options.resume,
                          .log = log};
  if (data.validation && data.validation->size() > 0) {
    context.validation = data.validation.get();
    context.validation_error = [&data, threads, log](const Graph& g) {
      return measure_accuracy(g, *data.validation, threads, log).error();
    };
  }
  if (wants_time(options, recipe))
    context.milliseconds = [threads](const Graph& g) { return measure_latency(g, threads).ms_median; };
  if (timings)
    context.layer_times = [timings, log](const Graph& g) {
      tune(g, g.name, *timings, log);  // stages before the search may have made new layers
      return runtime::layer_times(g, timings);
    };
  if (recipe::searches(recipe))
    context.best_so_far = [output = options.output](const Written& best) { write_file(output, best.bytes); };
  context.report = [&steps](const recipe::StepReport& r) { steps.add(r); };
  return context;
}

void run(const Options& options) {
  if (options.explain) return explain(options);
  if (options.output.empty() && !options.pre_flight)
    fail(ErrorCode::usage, "--output: is missing; give the .nsk file to write");
  const Output output(options.common);
  const Log log = terminal_log();
  if (const int size = train::world_from_environment().size; size > 1)
    fail(ErrorCode::usage, "compress: was started by ", size,
         " processes together; that is for train and distill");
  if (!options.pre_flight) check_model_path(options.output, options.common.force || options.resume);
  recipe::Recipe recipe = recipe::load_recipe(recipe_of(options));
  apply_overrides(options, recipe);
  const LoadedModel model = load_model_argument(options.model, options.common.seed, options.about);
  if (options.pre_flight) return tell_pre_flight(recipe, model, options);
  const bool has_data = !options.data.data.empty();
  if (!has_data && options.budget.max_drop) fail(ErrorCode::usage, "--max-drop: needs --data to measure on");
  std::optional<runtime::Timings> timings;  // before anything is measured, which goes by them
  if (recipe::searches(recipe) && wants_time(options, recipe))
    timings = timings_for(model.graph, model.name, log);
  const Wanted wanted = wanted_by(model, log);
  Split data = has_data ? options.data.open(wanted) : Split{};
  DatasetPtr test = has_data ? open_dataset(options.data.data, Part::test, wanted) : nullptr;
  const bool unlabelled = has_data && is_unlabelled(*test);
  if (unlabelled)
    for (DatasetPtr* part : {&data.train, &data.validation, &test})
      *part = labelled_by(model.graph, *part, options.common.threads, log);

  std::optional<Expected> expected;
  if (recipe::trains(recipe) && !recipe::searches(recipe)) {
    expected = pre_flight(recipe, model.graph, options);
    log.line(fmt::format("pre-flight: about {} bytes, {:.3f} ms an image", report::grouped(expected->bytes),
                         expected->ms));
  }
  StepTable steps(log);
  const recipe::Context context =
      context_of(options, recipe, data, steps, log, timings ? &*timings : nullptr);
  const Graph small = recipe::shippable(recipe::run(recipe, model.graph, context), recipe);

  WriteOptions write = recipe::write_options(recipe);
  write.threads = options.common.threads;
  Outcome outcome{
      .dense = {}, .small = {}, .ms = -1, .written = write_and_reread(small, write, options.output)};
  report::Json json = report::describe(outcome.written.graph, options.output, &outcome.written.ledger);
  if (test) {
    outcome.dense = measure_accuracy(model.graph, *test, options.common.threads, log);
    outcome.small = measure_accuracy(outcome.written.graph, *test, options.common.threads, log);
    add_outcome(json, outcome, unlabelled);
  }
  if (context.milliseconds) json["ms"] = outcome.ms = context.milliseconds(outcome.written.graph);
  if (expected) json["pre_flight"] = {{"bytes", expected->bytes}, {"ms", expected->ms}};
  json["recipe"] = recipe.name;
  json["seed"] = options.common.seed;
  json["steps"] = steps.json();
  print(options, output, outcome, model.graph, test.get(), unlabelled);
  output.finish(json);
  require_budget(options, outcome);
}

}  // namespace

void add_compress(CLI::App& verb) {
  const auto options = std::make_shared<Options>();
  options->common.add_to(verb);
  options->about.add_to(verb);
  verb.add_option("MODEL", options->model, "the trained model, a .nsk or .onnx file")->required();
  options->data.add_to(verb);
  verb.add_option("--recipe", options->recipe,
                  "a recipe's name or a TOML file; deep-compression, or smallest where a budget is given");
  verb.add_option("-o,--output", options->output, "the .nsk file to write");
  verb.add_flag(
      "--explain", options->explain,
      "only tell where every byte of MODEL, a .nsk file, went, and with --original and --data where its "
      "accuracy went");
  verb.add_flag(
      "--pre-flight", options->pre_flight,
      "only tell how many bytes and milliseconds the recipe will give; nothing is trained or written");
  verb.add_option("--original", options->original, "of --explain: the model that MODEL was made from");
  verb.add_flag_callback(
      "--data-free", [options] { options->recipe = "data-free"; },
      "no images at all: the recipe data-free, shared weights and no retraining");
  verb.add_option("--coder", options->coder,
                  "instead of the recipe's: automatic, range, huffman, symbols (packed or Huffman) or plain");
  verb.add_option("--index-bits", options->index_bits,
                  "instead of the recipe's: 2 to 16; 0: the best of each tensor")
      ->check(CLI::Range(0, 16));
  verb.add_option(
      "--max-drop", options->budget.max_drop,
      "the smallest file whose top-1 is at most so many points below MODEL's; exit with 3 if it is not kept");
  verb.add_option("--target-size", options->budget.target_size,
                  "the most accurate file of at most so many bytes; exit with 3 if it is not kept")
      ->transform(CLI::AsSizeValue(true));
  verb.add_option("--target-ms", options->budget.target_ms,
                  "the most accurate file that takes at most so many milliseconds an image here");
  verb.add_option("--minutes", options->minutes, "a search starts no attempt after this time; 0: none");
  verb.add_flag("--resume", options->resume, "go on from OUTPUT.work, which an interrupted run leaves");
  verb.callback([options] { run(*options); });
}

}  // namespace netsuke::cli
