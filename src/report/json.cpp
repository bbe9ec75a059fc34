#include "report/json.h"

#include <cmath>

#include "graph/cost.h"

namespace netsuke::report {
namespace {

/// A node's constants: the bytes of all, the rest of its weight (or of its only kind, for norms).
struct LayerSum {
  int64_t elements = 0, kept = 0, bytes = 0;
  int bits = 0;
  bool has_weight = false;
};

std::vector<LayerSum> layer_sums(const Graph& graph, const Ledger* ledger) {
  std::vector<LayerSum> sums(graph.nodes.size());
  std::vector<const TensorLedger*> of_value(graph.values.size());
  if (ledger)
    for (const TensorLedger& t : ledger->tensors) of_value[t.value] = &t;
  for (const Parameter& p : parameters(graph)) {
    const Weight& weight = *graph.values[p.value].weight;
    LayerSum& sum = sums[p.node];
    sum.bytes += of_value[p.value] ? of_value[p.value]->bytes : weight_count(weight) * 4;
    // A layer is spoken of by its weight: density and bits of a bias say nothing about it.
    if (sum.has_weight) continue;
    sum.has_weight = p.role == "weight";
    sum.elements = weight_count(weight);
    sum.kept = kept_count(weight);
    sum.bits = value_bits(weight);
  }
  return sums;
}

double rounded(double value, int decimals) {
  const double scale = std::pow(10, decimals);
  return std::round(value * scale) / scale;
}

}  // namespace

Json describe(const Graph& graph, const std::string& model, const Ledger* ledger) {
  const int64_t floats = bytes_fp32(graph), bytes = ledger ? ledger->file_bytes : floats;
  Json json;
  json["model"] = model;
  if (!graph.inputs.empty()) json["input"] = graph.values[graph.inputs[0]].shape;
  json["bytes"] = bytes;
  json["bytes_fp32"] = floats;
  json["ratio"] = bytes == 0 ? 0 : rounded(static_cast<double>(floats) / static_cast<double>(bytes), 3);
  json["params"] = parameter_count(graph);
  json["macs"] = total_macs(graph);
  json["layers"] = Json::array();
  const auto costs = cost(graph);
  const auto sums = layer_sums(graph, ledger);
  for (size_t n = 0; n < graph.nodes.size(); ++n) {
    Json layer;
    layer["name"] = node_name(graph, graph.nodes[n]);
    layer["op"] = op_name(graph.nodes[n].op);
    layer["output"] = costs[n].output;
    layer["params"] = costs[n].parameters;
    layer["macs"] = costs[n].macs;
    layer["activation_bytes"] = costs[n].activation_bytes;
    if (sums[n].elements > 0) {
      layer["density"] =
          rounded(static_cast<double>(sums[n].kept) / static_cast<double>(sums[n].elements), 6);
      layer["bits"] = sums[n].bits;
      layer["bytes"] = sums[n].bytes;
    }
    json["layers"].push_back(std::move(layer));
  }
  return json;
}

std::string text_of(const Json& json, int indent) {
  return json.dump(indent, ' ', false, Json::error_handler_t::replace);
}

void add_accuracy(Json& json, int64_t images, double top1, double top5) {
  json["images"] = images;
  json["top1"] = rounded(top1, 4);
  json["top5"] = rounded(top5, 4);
  json["error"] = rounded(100 - top1, 4);
}

}  // namespace netsuke::report
