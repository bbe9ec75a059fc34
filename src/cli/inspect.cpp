#include <fmt/format.h>

#include <algorithm>

#include "cli/common.h"
#include "graph/cost.h"
#include "graph/shapes.h"
#include "report/ledger.h"
#include "report/table.h"

namespace netsuke::cli {
namespace {

struct Options {
  Common common;
  ModelFlags about;
  std::string model;
  bool ledger = false;
};

std::string layer_table(const report::Json& json) {
  report::Table table({"<layer", "<op", "<output", "params", "MACs", "bytes", "density", "bits"});
  for (const auto& layer : json["layers"]) {
    const bool weights = layer.contains("bytes");
    table.row({layer["name"], layer["op"], to_text(layer["output"].get<Shape>()),
               report::grouped(layer["params"].get<int64_t>()), report::grouped(layer["macs"].get<int64_t>()),
               weights ? report::grouped(layer["bytes"].get<int64_t>()) : "-",
               weights ? fmt::format("{:.2f} %", 100 * layer["density"].get<double>()) : "-",
               weights ? fmt::format("{:g}", layer["bits"].get<double>()) : "-"});
  }
  table.rule();
  table.row({"total", "", "", report::grouped(json["params"].get<int64_t>()),
             report::grouped(json["macs"].get<int64_t>()), report::grouped(json["bytes"].get<int64_t>()), "",
             ""});
  return table.render();
}

/// The largest sum of a node's input and output: what must be alive at once at the least.
int64_t largest_step_bytes(const Graph& graph) {
  const std::vector<Shape> shapes = infer_shapes(graph);
  int64_t largest = 0;
  for (const Node& node : graph.nodes) {
    int64_t elements = element_count(shapes[node.output]);
    for (ValueId id : node.inputs)
      if (!graph.values[id].weight) elements += element_count(shapes[id]);
    largest = std::max(largest, elements * 4);
  }
  return largest;
}

void run(const Options& options) {
  const Output output(options.common);
  const LoadedModel model = load_model_argument(options.model, options.common.seed, options.about);
  report::Json json = report::describe(model.graph, model.name, model.is_file ? &model.ledger : nullptr);
  json["activation_bytes"] = largest_step_bytes(model.graph);
  for (const auto& [key, value] : model.graph.metadata) json["metadata"][key] = value;
  output.text(layer_table(json));
  output.text(
      fmt::format("{} bytes, {:.1f} x smaller than its floats ({}); largest step holds {} of activations\n",
                  report::grouped(json["bytes"].get<int64_t>()), json["ratio"].get<double>(),
                  report::grouped(json["bytes_fp32"].get<int64_t>()),
                  report::bytes_text(static_cast<double>(largest_step_bytes(model.graph)))));
  if (options.ledger && !model.ledger.tensors.empty()) {
    output.text("\n" + report::paper_table(model.graph, model.ledger) + "\n");
    output.text(report::ledger_text(model.graph, model.ledger, report::baselines(model.graph)));
  }
  output.finish(json);
}

}  // namespace

void add_inspect(CLI::App& verb) {
  const auto options = std::make_shared<Options>();
  options->common.add_to(verb);
  options->about.add_to(verb);
  verb.add_option("MODEL", options->model, "a .nsk or .onnx file, or the name of an architecture")
      ->required();
  verb.add_flag("--ledger", options->ledger, "also tell where every byte of the file is");
  verb.callback([options] { run(*options); });
}

}  // namespace netsuke::cli
