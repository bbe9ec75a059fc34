#include <fmt/format.h>

#include "base/file.h"
#include "cli/common.h"
#include "compress/structure.h"
#include "graph/passes/fold_batch_norm.h"
#include "graph/passes/sign_threshold.h"
#include "graph/text.h"
#include "recipe/recipe.h"
#include "report/table.h"

namespace netsuke::cli {
namespace {

struct Options {
  Common common;
  ModelFlags about;
  std::string input, output;
  std::string coder = "automatic";
  int index_bits = 0;
  bool quantized = false, fold = false;
};

/// Refuses what would change nothing in a file of that kind.
void check_flags(const Options& options) {
  const bool is_onnx = options.output.ends_with(".onnx"), is_nsk = options.output.ends_with(".nsk");
  if (options.quantized && !is_onnx)
    fail(ErrorCode::usage, "--quantized: is for .onnx files, ", options.output, " is none");
  if (!is_nsk && (options.coder != "automatic" || options.index_bits != 0))
    fail(ErrorCode::usage, "--coder, --index-bits: are for .nsk files, ", options.output, " is none");
}

void run(const Options& options) {
  const Output output(options.common);
  check_flags(options);
  const WriteOptions write{.coder = recipe::parse_coder(options.coder),
                           .index_bits = options.index_bits,
                           .threads = options.common.threads};
  LoadedModel model = load_model_argument(options.input, options.common.seed, options.about);
  if (options.fold) model.graph = with_sign_thresholds(fold_batch_norms(model.graph));
  if (options.output.ends_with(".txt")) {
    check_writable(options.output, options.common.force);
    write_file(options.output, to_text(model.graph));
    output.text(fmt::format("{}: the graph as text\n", options.output));
    return output.finish(report::describe(model.graph, options.output, nullptr));
  }
  check_model_path(options.output, options.common.force);
  const Graph graph = compress::with_found_structure(model.graph);
  const WrittenFile written = write_and_reread(
      graph, write, options.output, {.quantized = options.quantized, .output_names = model.output_names});
  print_ledger(output, written, written.graph);
  output.text(fmt::format("{}: {} bytes\n", options.output, report::grouped(written.ledger.file_bytes)));
  output.finish(report::describe(written.graph, options.output, &written.ledger));
}

}  // namespace

void add_convert(Flags& verb) {
  const auto options = std::make_shared<Options>();
  options->common.add_to(verb);
  options->about.add_to(verb);
  verb.option("IN", options->input, "a .nsk or .onnx file, or the name of an architecture").required();
  verb.option("OUT", options->output, "a .nsk or .onnx file, or .txt for the graph as text").required();
  verb.option(
          "--coder", options->coder,
          "automatic (the smallest for each tensor), range, huffman, symbols (packed or Huffman) or plain")
      .show_default();
  verb.option("--index-bits", options->index_bits,
              "width of a relative index, 2 to 16 bits; 0: the best of each tensor")
      .show_default()
      .one_of({0, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16});
  verb.flag(
      "--fold", options->fold,
      "make batch norms part of the layers beside them, or thresholds of signs: smaller, not for training");
  verb.flag("--quantized", options->quantized,
            "to .onnx: keep shared weights as codes (DequantizeLinear or Gather)");
  verb.run([options] { run(*options); });
}

}  // namespace netsuke::cli
