#include <fmt/format.h>

#include "base/file.h"
#include "cli/common.h"
#include "cli/training_flags.h"
#include "data/catalog.h"
#include "graph/cost.h"
#include "recipe/run.h"
#include "report/ledger.h"
#include "report/table.h"
#include "train/world.h"

namespace netsuke::cli {
namespace {

struct Options {
  Common common;
  ModelFlags about;
  DataFlags data;
  std::string model, output, recipe = "deep-compression", coder;
  int index_bits = -1;
  bool resume = false;
  double max_drop = -1;
  int64_t target_size = -1;
  bool explain = false;
};

/// The stages as they pass, a row each.
class StepTable {
 public:
  explicit StepTable(const Log& log) : log_(log) {}
  void add(const recipe::StepReport& r) {
    const bool judged = r.validation_error >= 0;
    const std::string error = judged ? fmt::format("  validation error {:5.2f} %", r.validation_error) : "";
    log_.line(fmt::format("{:<20} density {:5.1f} %  file {:>9} bytes{}  {}", r.label, 100 * r.density,
                          report::grouped(r.bytes), error, report::duration_text(r.seconds)));
    json_.push_back({{"step", r.label}, {"density", r.density}, {"bytes", r.bytes}, {"seconds", r.seconds}});
    if (judged) json_.back()["validation_error"] = r.validation_error;
  }
  const report::Json& json() const { return json_; }

 private:
  const Log& log_;
  report::Json json_ = report::Json::array();
};

void apply_overrides(const Options& options, recipe::Recipe& recipe) {
  WriteOptions write = recipe::write_options(recipe);
  if (!options.coder.empty()) write.coder = recipe::parse_coder(options.coder);
  if (options.index_bits >= 0) write.index_bits = options.index_bits;
  if (!recipe.stages.empty() && std::holds_alternative<recipe::Code>(recipe.stages.back()))
    recipe.stages.pop_back();
  recipe.stages.push_back(recipe::Code{write});
}

/// What is worth shipping: what training needed to know is not.
void strip_training_notes(Graph& graph, const recipe::Recipe& recipe) {
  std::erase_if(graph.metadata, [](const auto& entry) { return entry.first.starts_with("train."); });
  if (!recipe.name.empty()) graph.metadata["recipe"] = recipe.name;
}

struct Outcome {
  Accuracy dense, small;
  WrittenFile written;
};

void print(const Options& options, const Output& output, const Outcome& outcome, const Graph& dense,
           const Dataset* test) {
  if (!output.is_text()) return;
  const Ledger& ledger = outcome.written.ledger;
  const double floats = static_cast<double>(bytes_fp32(outcome.written.graph));
  output.text(report::paper_table(outcome.written.graph, ledger) + "\n");
  output.text(report::ledger_text(outcome.written.graph, ledger, report::baselines(dense)) + "\n");
  std::string sentence =
      fmt::format("{}: from {} bytes to {} bytes, {:.1f} x smaller", options.output,
                  report::grouped(static_cast<long long>(floats)), report::grouped(ledger.file_bytes),
                  floats / static_cast<double>(ledger.file_bytes));
  if (test)
    sentence += fmt::format(", top-1 {:.2f} % -> {:.2f} % ({} images of {}, by the runtime, from the file)",
                            outcome.dense.top1, outcome.small.top1, report::grouped(outcome.small.images),
                            test->name());
  output.text(sentence + "\n");
}

void require_budget(const Options& options, const Outcome& outcome) {
  const double drop = outcome.dense.top1 - outcome.small.top1;
  if (options.max_drop >= 0 && drop > options.max_drop)
    fail(ErrorCode::budget, options.output, ": written, but top-1 fell by ", fmt::format("{:.2f}", drop),
         " points and --max-drop allows ", options.max_drop);
  if (options.target_size >= 0 && outcome.written.ledger.file_bytes > options.target_size)
    fail(ErrorCode::budget, options.output, ": written, but has ", outcome.written.ledger.file_bytes,
         " bytes and --target-size allows ", options.target_size);
}

/// Where every byte of the file went; nothing is written.
void explain(const Options& options) {
  const Output output(options.common);
  const LoadedModel model = load_model_argument(options.model, options.common.seed, options.about);
  require(!model.ledger.tensors.empty(), options.model,
          ": is not a .nsk file, there are no bytes to explain");
  print_ledger(output, {model.graph, model.ledger});
  output.finish(report::describe(model.graph, options.model, &model.ledger));
}

void run(const Options& options) {
  if (options.explain) return explain(options);
  if (options.output.empty()) fail(ErrorCode::usage, "--output: is missing; give the .nsk file to write");
  const Output output(options.common);
  const Log log = terminal_log();
  if (const int size = train::world_from_environment().size; size > 1)
    fail(ErrorCode::usage, "compress: was started by ", size,
         " processes together; that is for train and distill");
  check_model_path(options.output, options.common.force);
  recipe::Recipe recipe = recipe::load_recipe(options.recipe);
  apply_overrides(options, recipe);
  const LoadedModel model = load_model_argument(options.model, options.common.seed, options.about);
  const bool has_data = !options.data.data.empty();
  if (!has_data && options.max_drop >= 0) fail(ErrorCode::usage, "--max-drop: needs --data to measure on");
  const Wanted wanted = wanted_by(model, log);
  const Split data = has_data ? options.data.open(wanted) : Split{};
  const DatasetPtr test = has_data ? open_dataset(options.data.data, Part::test, wanted) : nullptr;

  StepTable steps(log);
  recipe::Context context{.data = data.train.get(),
                          .seed = options.common.seed,
                          .threads = options.common.threads,
                          .work_folder = options.output + ".work",
                          .resume = options.resume,
                          .log = log};
  if (has_data && data.validation->size() > 0) {
    context.validation = data.validation.get();
    context.validation_error = [&](const Graph& g) {
      return measure_accuracy(g, *data.validation, options.common.threads, log).error();
    };
  }
  context.report = [&](const recipe::StepReport& r) { steps.add(r); };
  Graph small = recipe::run(recipe, model.graph, context);
  strip_training_notes(small, recipe);

  WriteOptions write = recipe::write_options(recipe);
  write.threads = options.common.threads;
  Outcome outcome{.dense = {}, .small = {}, .written = write_and_reread(small, write, options.output)};
  report::Json json = report::describe(outcome.written.graph, options.output, &outcome.written.ledger);
  if (test) {
    outcome.dense = measure_accuracy(model.graph, *test, options.common.threads, log);
    outcome.small = measure_accuracy(outcome.written.graph, *test, options.common.threads, log);
    report::add_accuracy(json, outcome.small.images, outcome.small.top1, outcome.small.top5);
    json["top1_dense"] = outcome.dense.top1;
    json["error_dense"] = outcome.dense.error();
  }
  json["recipe"] = recipe.name;
  json["seed"] = options.common.seed;
  json["steps"] = steps.json();
  print(options, output, outcome, model.graph, test.get());
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
  verb.add_option("--recipe", options->recipe, "a recipe's name or a TOML file")->capture_default_str();
  verb.add_option("-o,--output", options->output, "the .nsk file to write");
  verb.add_flag("--explain", options->explain, "only tell where every byte of MODEL, a .nsk file, went");
  verb.add_flag_callback(
      "--data-free", [options] { options->recipe = "data-free"; },
      "no images at all: the recipe data-free, shared weights and no retraining");
  verb.add_option("--coder", options->coder,
                  "instead of the recipe's: automatic, range, huffman, symbols (packed or Huffman) or plain");
  verb.add_option("--index-bits", options->index_bits,
                  "instead of the recipe's: 2 to 16; 0: the best of each tensor")
      ->check(CLI::Range(0, 16));
  verb.add_option("--max-drop", options->max_drop, "exit with 3 if top-1 falls by more points than this");
  verb.add_option("--target-size", options->target_size, "exit with 3 if the file has more bytes than this")
      ->transform(CLI::AsSizeValue(true));
  verb.add_flag("--resume", options->resume, "go on from OUTPUT.work, which an interrupted run leaves");
  verb.callback([options] { run(*options); });
}

}  // namespace netsuke::cli
