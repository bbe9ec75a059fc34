#include <filesystem>

#include "cli/training_verb.h"
#include "compress/binarize.h"
#include "train/head.h"

namespace netsuke::cli {
namespace {

/// What of the model becomes binary.
struct BinaryFlags {
  std::string method, block = "residual";
  std::vector<std::string> keep;
  bool ends = false;
  std::optional<std::vector<std::string>> parts;

  void add_to(Flags& verb) {
    const Flag binarize = verb.option(
        "--binarize", method,
        "make the layers between the first and the last binary: bwn (weights) or xnor (inputs too)");
    verb.option("--binary-block", block,
                "of xnor: residual (ours), paper (B-A-C-P) or conventional (C-B-A-P)")
        .show_default()
        .needs(binarize);
    verb.option("--binary-parts", parts,
                "of a residual block: shortcut,threshold,prelu,real-linear,scale (default all but scale); of "
                "the paper's: scale (default), real-linear; or none")
        .separated_by(',')
        .needs(binarize);
    verb.flag("--binary-ends", ends, "the first and the last layer too").needs(binarize);
    verb.option("--keep-real", keep, "layers, by name or pattern, that stay real")
        .separated_by(',')
        .needs(binarize);
  }

  /// For run.json; null where nothing becomes binary.
  report::Json json() const {
    if (method.empty()) return nullptr;
    report::Json about{{"method", method}, {"block", block}, {"keep", keep}, {"ends", ends}};
    if (parts) about["parts"] = *parts;
    return about;
  }

  Graph apply(const Graph& graph) const {
    auto given = parts;
    if (given && *given == std::vector<std::string>{"none"}) given->clear();
    compress::BinarizeOptions options = compress::binarize_options(method, block, given);
    options.keep = keep, options.ends = ends;
    return compress::binarize(graph, options);
  }
};

struct Options : TrainingVerb {
  std::string model;
  BinaryFlags binary;
};

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
  options.set_dropout(model.graph);
  if (!options.binary.method.empty()) model.graph = options.binary.apply(model.graph);
  const Split data = options.data.open(wanted);
  options.begin(data, {{"verb", "train"}, {"model", options.model}, {"binarize", options.binary.json()}},
                wanted, log);
  const Dataset* validation = data.validation->size() > 0 ? data.validation.get() : nullptr;
  const train::Result result =
      train::module().train(model.graph, *data.train, validation, {}, options.training, log);
  if (!TrainingVerb::writes()) return;
  const Trained trained = options.finish(result, *data.train, log);
  options.print(output, trained);
  output.finish(trained.json);
}

}  // namespace

void add_train(Flags& verb) {
  const auto options = std::make_shared<Options>();
  verb.option("MODEL", options->model, "the name of an architecture, or a .nsk or .onnx file to go on from")
      .required();
  options->binary.add_to(verb);
  options->add_to(verb);
  verb.run([options] { run(*options); });
}

}  // namespace netsuke::cli
