#include <fmt/format.h>

#include <memory>

#include "base/file.h"
#include "cli/common.h"
#include "cli/compress_outcome.h"
#include "cli/explain_accuracy.h"
#include "cli/output_lock.h"
#include "cli/pre_flight.h"
#include "cli/time_model.h"
#include "cli/timings.h"
#include "cli/training_flags.h"
#include "data/catalog.h"
#include "data/relabel.h"
#include "graph/cost.h"
#include "recipe/run.h"
#include "report/table.h"
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

constexpr const char* kDataFree = "data-free";

std::string work_folder(const Options& options) { return options.output + ".work"; }

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

void require_budget(const Options& options, const Outcome& outcome) {
  const recipe::Budget& budget = options.budget;
  const double drop = outcome.dense.top1 - outcome.small.top1;
  if (budget.max_drop && drop > *budget.max_drop + 1e-9)  // 60.0 - 59.8 is not 0.2 in doubles
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
  const bool compares = !options.original.empty();
  if (compares && options.data.data.empty())
    fail(ErrorCode::usage, "--original: is compared on images; give --data");
  const Output output(options.common);
  const LoadedModel model = load_model_argument(options.model, options.common.seed, options.about);
  require(!model.ledger.tensors.empty(), options.model,
          ": is not a .nsk file, there are no bytes to explain");
  std::optional<LoadedModel> original;
  if (compares) original = load_model_argument(options.original, options.common.seed, options.about);
  print_ledger(output, {model.graph, model.ledger}, original ? original->graph : model.graph);
  report::Json json = report::describe(model.graph, options.model, &model.ledger);
  if (original) {
    const Log log = terminal_log();
    const DatasetPtr images = options.data.open(wanted_by(*original, log)).validation;
    if (images->size() == 0) fail(ErrorCode::usage, "--validation: must be 1 or more to explain on");
    const Blame blame =
        blame_layers(original->graph, model.graph, model.ledger, *images, options.common.threads, log);
    output.text("\n" + blame_text(blame));
    json["accuracy"] = blame_json(blame);
  }
  output.finish(json);
}

void tell_pre_flight(const recipe::Recipe& recipe, const LoadedModel& model, const Options& options) {
  const Output output(options.common);
  const DatasetPtr images =
      options.data.data.empty() ? nullptr : options.data.open(wanted_by(model, terminal_log())).train;
  const Expected expected = pre_flight(recipe, model.graph, images.get(), options.common, terminal_log());
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
  // Without data means without: what is there is measured on alone.
  recipe::Context context{.data = options.recipe == kDataFree ? nullptr : data.train.get(),
                          .seed = options.common.seed,
                          .threads = threads,
                          .work_folder = work_folder(options),
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
    context.time_model = [timings, threads, log](const Graph& g) {
      tune(g, g.name, *timings, log);  // stages before the search may have made new layers
      return time_model(g, *timings, threads);
    };
  if (recipe::searches(recipe))
    context.best_so_far = [output = options.output](const Written& best) { write_file(output, best.bytes); };
  context.report = [&steps](const recipe::StepReport& r) { steps.add(r); };
  return context;
}

/// Only what an interrupted run left may be written over without --force. The output is this run's from then
/// on.
std::unique_ptr<const OutputLock> claim_output(const Options& options, const Log& log) {
  if (!options.output.ends_with(".nsk"))
    fail(ErrorCode::unsupported, options.output,
         ": compressed models are written as .nsk; `netsuke convert` makes an .onnx of one");
  const bool goes_on = options.resume && std::filesystem::exists(work_folder(options));
  if (options.resume && !goes_on)
    log.line(cat("--resume: there is no ", work_folder(options), ", so the run begins anew"));
  check_model_path(options.output, options.common.force || goes_on);
  if (!options.resume && !options.common.force && std::filesystem::exists(work_folder(options)))
    fail(ErrorCode::usage, work_folder(options),
         ": exists already, from a run that was stopped; --resume goes on from it, --force begins anew");
  return std::make_unique<const OutputLock>(options.output);
}

/// A search that keeps no budget has a report too: its attempts.
Graph run_recipe(const recipe::Recipe& recipe, const LoadedModel& model, const recipe::Context& context,
                 const StepTable& steps, const Output& output) {
  try {
    return recipe::shippable(recipe::run(recipe, model.graph, context), recipe);
  } catch (const Error& error) {
    if (error.code() == ErrorCode::budget)
      output.finish({{"model", model.name},
                     {"recipe", recipe.name},
                     {"seed", context.seed},
                     {"steps", steps.json()},
                     {"error", error.what()}});
    throw;
  }
}

void run(const Options& options) {
  if (options.explain) return explain(options);
  if (options.output.empty() && !options.pre_flight)
    fail(ErrorCode::usage, "--output: is missing; give the .nsk file to write");
  recipe::check(options.budget);
  const Output output(options.common);
  const Log log = terminal_log();
  if (const int size = train::world_from_environment().size; size > 1)
    fail(ErrorCode::usage, "compress: was started by ", size,
         " processes together; that is for train and distill");
  const std::unique_ptr<const OutputLock> lock = options.pre_flight ? nullptr : claim_output(options, log);
  recipe::Recipe recipe = recipe::load_recipe(recipe_of(options));
  if (options.minutes >= 0 && !recipe::searches(recipe))
    fail(ErrorCode::usage, "--minutes: bounds a search, and recipe ", recipe.name, " is none");
  apply_overrides(options, recipe);
  const LoadedModel model = load_model_argument(options.model, options.common.seed, options.about);
  if (options.pre_flight) return tell_pre_flight(recipe, model, options);
  if (model.graph.inputs.size() != 1 || model.graph.outputs.size() != 1)
    fail(ErrorCode::unsupported, model.name, ": has ", model.graph.inputs.size(), " inputs and ",
         model.graph.outputs.size(), " outputs, compressed models run with one of each",
         model.graph.outputs.size() > 1 ? "; --take NAME keeps one output of an ONNX file" : "");
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
    expected = pre_flight(recipe, model.graph, nullptr, options.common, log);
    log.line(fmt::format("pre-flight: about {} bytes, {:.3f} ms an image", report::grouped(expected->bytes),
                         expected->ms));
  }
  StepTable steps(log);
  const recipe::Context context =
      context_of(options, recipe, data, steps, log, timings ? &*timings : nullptr);
  const Graph small = run_recipe(recipe, model, context, steps, output);

  WriteOptions write = recipe::write_options(recipe);
  write.threads = options.common.threads;
  Outcome outcome;
  outcome.written = write_and_reread(small, write, options.output);
  report::Json json = report::describe(outcome.written.graph, options.output, &outcome.written.ledger);
  judge(outcome, model.graph, test, unlabelled, options.common, log);
  add_outcome(json, outcome);
  if (context.milliseconds) json["ms"] = outcome.ms = context.milliseconds(outcome.written.graph);
  if (expected) json["pre_flight"] = {{"bytes", expected->bytes}, {"ms", expected->ms}};
  json["recipe"] = recipe.name;
  json["seed"] = options.common.seed;
  json["steps"] = steps.json();
  print(output, options.output, outcome, model, test.get());
  output.finish(json);
  require_budget(options, outcome);
}

}  // namespace

void add_compress(Flags& verb) {
  const auto options = std::make_shared<Options>();
  options->common.add_to(verb);
  options->about.add_to(verb);
  verb.option("MODEL", options->model,
              "the trained model: a .nsk or .onnx file, or the name of an architecture")
      .required();
  options->data.add_to(verb);
  const Flag recipe =
      verb.option("--recipe", options->recipe,
                  "a recipe's name or a TOML file; deep-compression, or smallest where a budget is given");
  const Flag output = verb.option("-o,--output", options->output, "the .nsk file to write");
  const Flag explain =
      verb.flag("--explain", options->explain,
                "only tell where every byte of MODEL, a .nsk file, went, and with --original and --data "
                "where its accuracy went")
          .excludes(recipe)
          .excludes(output);
  const Flag pre_flight =
      verb.flag("--pre-flight", options->pre_flight,
                "only tell how many bytes and milliseconds the recipe will give; nothing is trained or "
                "written")
          .excludes(explain)
          .excludes(output);
  verb.option("--original", options->original, "of --explain: the model that MODEL was made from")
      .needs(explain);
  verb.flag(
          "--data-free", [options] { options->recipe = kDataFree; },
          "no images at all: the recipe data-free, shared weights and no retraining")
      .excludes(recipe);
  verb.option("--coder", options->coder,
              "instead of the recipe's: automatic, range, huffman, symbols (packed or Huffman) or plain");
  verb.option("--index-bits", options->index_bits,
              "instead of the recipe's: 2 to 16; 0: the best of each tensor")
      .one_of({0, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16});
  const auto budget = [&](const char* name, auto& value, const char* what) {
    return verb.option(name, value, std::string(what) + "; exit with 3 if it is not kept")
        .excludes(explain)
        .excludes(pre_flight);
  };
  budget("--max-drop", options->budget.max_drop,
         "the smallest file whose top-1 is at most so many points below MODEL's");
  budget("--target-size", options->budget.target_size, "the most accurate file of at most so many bytes")
      .size();
  budget("--target-ms", options->budget.target_ms,
         "the most accurate file that takes at most so many milliseconds an image here");
  verb.option("--minutes", options->minutes,
              "a search ends by then, retraining no longer than there is time for; 0: it takes what it takes")
      .not_negative();
  verb.flag("--resume", options->resume, "go on from OUTPUT.work, which an interrupted run leaves");
  verb.run([options] { run(*options); });
}

}  // namespace netsuke::cli
