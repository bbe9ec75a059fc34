#include <fmt/format.h>

#include <algorithm>

#include "cli/common.h"
#include "graph/cost.h"
#include "report/histogram.h"
#include "report/ledger.h"
#include "report/table.h"

namespace netsuke::cli {
namespace {

struct Options {
  Common common;
  ModelFlags about;
  std::string model;
  bool ledger = false;
  std::string histogram;  ///< a layer's name
};

std::string layer_table(const report::Json& json) {
  report::Table table(
      {"<layer", "<op", "<output", "params", "MACs", "bytes", "density", "bits", "activations"});
  for (const auto& layer : json["layers"]) {
    const bool weights = layer.contains("bytes");
    table.row({layer["name"], layer["op"], to_text(layer["output"].get<Shape>()),
               report::grouped(layer["params"].get<int64_t>()), report::grouped(layer["macs"].get<int64_t>()),
               weights ? report::grouped(layer["bytes"].get<int64_t>()) : "-",
               weights ? fmt::format("{:.2f} %", 100 * layer["density"].get<double>()) : "-",
               weights ? fmt::format("{:g}", layer["bits"].get<double>()) : "-",
               report::grouped(layer["activation_bytes"].get<int64_t>())});
  }
  table.rule();
  table.row({"total", "", "", report::grouped(json["params"].get<int64_t>()),
             report::grouped(json["macs"].get<int64_t>()), report::grouped(json["bytes"].get<int64_t>()), "",
             "", ""});
  return table.render();
}

/// The weight of the layer that the user named.
Tensor weight_of(const Graph& graph, const std::string& layer) {
  std::vector<std::string> names;
  for (const Parameter& p : parameters(graph)) {
    if (p.role != "weight") continue;
    const Value& value = graph.values[p.value];
    names.push_back(node_name(graph, graph.nodes[p.node]));
    if (names.back() == layer || value.name == layer) return to_dense(*value.weight);
  }
  const std::string near = closest(layer, names);
  fail(ErrorCode::usage, "--histogram: no layer with weights is named '", layer, "'",
       near.empty() ? "" : cat(" (did you mean '", near, "'?)"), "; there are: ", join(names));
}

void run(const Options& options) {
  const Output output(options.common);
  const LoadedModel model = load_model_argument(options.model, options.common.seed, options.about);
  if (options.ledger && model.ledger.tensors.empty())
    fail(ErrorCode::usage, "--ledger: tells of the weights in a .nsk file, ", options.model, " has none");
  report::Json json = report::describe(model.graph, model.name, model.is_file ? &model.ledger : nullptr);
  json["peak_activation_bytes"] = peak_activation_bytes(model.graph);
  if (!options.histogram.empty()) {
    const Tensor weight = weight_of(model.graph, options.histogram);
    json["histogram"] = report::histogram_json(weight.data);
    output.text(report::histogram_text(options.histogram, weight.data));
    return output.finish(json);
  }
  for (const auto& [key, value] : model.graph.metadata) json["metadata"][key] = value;
  output.text(layer_table(json));
  output.text(fmt::format(
      "{} bytes, {:.1f} x smaller than its floats ({}); at most {} of activations are alive at once\n",
      report::grouped(json["bytes"].get<int64_t>()), json["ratio"].get<double>(),
      report::grouped(json["bytes_fp32"].get<int64_t>()),
      report::bytes_text(static_cast<double>(peak_activation_bytes(model.graph)))));
  if (options.ledger && output.is_text()) {
    output.text("\n" + report::paper_table(model.graph, model.ledger) + "\n");
    output.text(report::ledger_text(model.graph, model.ledger, report::baselines(model.graph)));
  }
  output.finish(json);
}

}  // namespace

void add_inspect(Flags& verb) {
  const auto options = std::make_shared<Options>();
  options->common.add_to(verb);
  options->about.add_to(verb);
  verb.option("MODEL", options->model, "a .nsk or .onnx file, or the name of an architecture").required();
  verb.flag("--ledger", options->ledger, "also tell where every byte of the file is");
  verb.option("--histogram", options->histogram, "draw how the weights of this layer are distributed");
  verb.run([options] { run(*options); });
}

}  // namespace netsuke::cli
