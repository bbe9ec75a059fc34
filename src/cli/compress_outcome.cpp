#include "cli/compress_outcome.h"

#include <fmt/format.h>

#include <set>

#include "data/drawn.h"
#include "data/labels.h"
#include "graph/cost.h"
#include "graph/preprocess.h"
#include "graph/shapes.h"
#include "recipe/reconstruct.h"
#include "report/ledger.h"
#include "report/table.h"

namespace netsuke::cli {
namespace {

/// An agreement on drawn pictures says little of a network that takes them all for the same, as one does that
/// wants other numbers than it gets.
std::string caveats(const LoadedModel& original, const Outcome& outcome) {
  const Graph& graph = original.graph;
  std::string text = fmt::format("on drawn pictures the original gives {} different answer{} of {}\n",
                                 outcome.answers, outcome.answers == 1 ? "" : "s", output_count(graph));
  const bool is_onnx = original.is_file && original.ledger.tensors.empty();
  if (is_onnx && preprocess_of(graph) == Preprocess{})
    text +=
        "the model does not say how pixels become its input: 0 to 1 in red, green, blue was taken; "
        "--mean, --std, --scale and --order tell\n";
  return text;
}

}  // namespace

void print(const Output& output, const std::string& path, const Outcome& outcome, const LoadedModel& original,
           const Dataset* test) {
  if (!output.is_text()) return;
  const Graph& dense = original.graph;
  const Ledger& ledger = outcome.written.ledger;
  const auto floats = static_cast<double>(bytes_fp32(dense));
  output.text(report::paper_table(outcome.written.graph, ledger) + "\n");
  output.text(report::ledger_text(outcome.written.graph, ledger, report::baselines(dense)) + "\n");
  std::string sentence =
      fmt::format("{}: from {} bytes to {} bytes, {:.1f} x smaller", path,
                  report::grouped(static_cast<long long>(floats)), report::grouped(ledger.file_bytes),
                  floats / static_cast<double>(ledger.file_bytes));
  if (outcome.on == Measured::labelled)
    sentence += fmt::format(", top-1 {:.2f} % -> {:.2f} % ({} images of {}, by the runtime, from the file)",
                            outcome.dense.top1, outcome.small.top1, report::grouped(outcome.small.images),
                            test->name());
  else if (outcome.on != Measured::nothing)
    sentence += fmt::format(", the original's answer to {:.2f} % of {} {} (by the runtime, from the file)",
                            outcome.small.top1, report::grouped(outcome.small.images),
                            outcome.on == Measured::drawn ? "drawn pictures" : "unlabelled images");
  output.text(sentence + "\n");
  if (outcome.on == Measured::drawn) output.text(caveats(original, outcome));
}

void add_outcome(report::Json& json, const Outcome& outcome) {
  if (outcome.on == Measured::nothing) return;
  if (outcome.on != Measured::labelled) {
    json.update({{"images", outcome.small.images},
                 {"images_are", outcome.on == Measured::drawn ? "drawn" : "unlabelled"},
                 {"agreement", outcome.small.top1}});
    if (outcome.on == Measured::drawn) json["answers"] = outcome.answers;
    return;
  }
  report::add_accuracy(json, outcome.small.images, outcome.small.top1, outcome.small.top5);
  json["top1_dense"] = outcome.dense.top1;
  json["error_dense"] = outcome.dense.error();
}

void judge(Outcome& outcome, const Graph& original, DatasetPtr images, bool unlabelled, const Common& common,
           const Log& log) {
  constexpr int64_t kDrawn = 256;
  if (images) {
    outcome.on = unlabelled ? Measured::unlabelled : Measured::labelled;
  } else {
    if (!recipe::why_not_drawn(original).empty()) return;  // nothing to measure on
    outcome.on = Measured::drawn;
    images =
        labelled_by(original, make_drawn(kDrawn, image_shape(original), ~common.seed), common.threads, log);
    std::set<int> answers;
    for (int64_t i = 0; i < images->size(); ++i) answers.insert(images->label(i));
    outcome.answers = answers.size();
  }
  // With itself it agrees.
  outcome.dense.top1 = outcome.dense.top5 = 100;
  if (outcome.on == Measured::labelled) {
    outcome.dense = measure_accuracy(original, *images, common.threads, log);
    if (const std::string why = doubt(outcome.dense.top1, images->classes().size()); !why.empty())
      log.line(cat("the network as it was ", why));
  }
  outcome.small = measure_accuracy(outcome.written.graph, *images, common.threads, log);
}

}  // namespace netsuke::cli
