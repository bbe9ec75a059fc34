#include "model/read.h"

#include <algorithm>

#include "base/file.h"
#include "graph/shapes.h"
#include "model/graph_section.h"
#include "model/sections.h"
#include "model/weight_record.h"

namespace netsuke {
namespace {

using namespace model;

struct Options {
  bool entropy = false;  ///< fill in the ledger's bounds
  bool only_records = false;
};

/// By value: whether it is the weight of convolutions and linear layers and nothing else, which those who
/// keep only records decode when they need it.
std::vector<char> weights_of_layers(const Graph& graph) {
  std::vector<char> of_layers(graph.values.size(), 1);
  for (const Node& node : graph.nodes) {
    const bool is_layer = std::holds_alternative<Conv2d>(node.op) || std::holds_alternative<Linear>(node.op);
    for (size_t i = 0; i < node.inputs.size(); ++i)
      if (!is_layer || i != 1) of_layers[node.inputs[i]] = 0;
  }
  return of_layers;
}

void read_weights(ByteView payload, const std::string& what, ReadBudget budget, GraphSection& section,
                  Ledger& ledger, Options options) {
  ByteReader in(payload, what);
  const std::vector<char> of_layers = weights_of_layers(section.graph);
  for (ValueId id : section.constants) {
    Value& value = section.graph.values[id];
    const size_t start = in.at();
    const ByteView record = in.take(static_cast<size_t>(in.varint(in.remaining(), "a record's length")));
    TensorLedger& tensor = ledger.tensors.emplace_back();
    tensor.value = id;
    tensor.name = value.name;
    const std::string place = cat(what, ", weight ", value.name);
    const bool only_record = options.only_records && of_layers[id];
    Weight weight = read_weight(record, place, budget, tensor, options.entropy, only_record);
    if (weight.record) {
      verify(weight, value.name);
      weight = closed(weight);
    }
    value.weight = std::make_shared<const Weight>(std::move(weight));
    const auto with_length = static_cast<int64_t>(in.at() - start);
    tensor.header_bytes += with_length - tensor.bytes;
    tensor.bytes = with_length;
  }
  require(in.remaining() == 0, what, ": ", in.remaining(), " bytes too many in the weights section");
}

void read_metadata(ByteView payload, const std::string& what, Graph& graph) {
  const Bytes block = read_block(payload, what);
  ByteReader in(block, what);
  for (uint64_t left = in.varint(block.size(), "the number of entries"); left > 0; --left) {
    std::string key = in.text(block.size());
    std::string value = in.text(block.size());
    require(graph.metadata.emplace(std::move(key), std::move(value)).second, what, ": a key stands twice");
  }
  require(in.remaining() == 0, what, ": ", in.remaining(), " bytes too many");
}

Graph parse_sections(ByteView file, std::string_view what, Ledger& ledger, Options options) {
  const Sections sections = split_sections(file, what);
  const std::string graph_place = cat(what, ", graph section"),
                    metadata_place = cat(what, ", metadata section");
  GraphSection section = read_graph_section(read_block(sections.graph, graph_place), graph_place);
  read_weights(sections.weights, std::string(what),
               {most_kept_values(file.size()), most_range_elements(file.size())}, section, ledger, options);
  if (!sections.metadata.empty()) read_metadata(sections.metadata, metadata_place, section.graph);
  verify(section.graph);
  infer_shapes(section.graph);
  ledger.graph_bytes = std::ssize(sections.graph);
  ledger.metadata_bytes = std::ssize(sections.metadata);
  ledger.checksum_bytes = static_cast<int64_t>(sections.checksum_bytes);
  ledger.file_bytes = std::ssize(file);
  ledger.header_bytes = ledger.file_bytes - ledger.graph_bytes - ledger.metadata_bytes -
                        ledger.checksum_bytes - std::ssize(sections.weights);
  return std::move(section.graph);
}

Graph parse(ByteView file, std::string_view what, Ledger& ledger, Options options) {
  try {
    return parse_sections(file, what, ledger, options);
  } catch (const Error& error) {
    // What checks a graph does not know which file it came from.
    if (std::string_view(error.what()).starts_with(what)) throw;
    fail(error.code(), what, ": ", error.what());
  }
}

}  // namespace

bool is_model(ByteView bytes) {
  return bytes.size() >= kMagic.size() && std::equal(kMagic.begin(), kMagic.end(), bytes.begin());
}

Graph read_model(ByteView bytes, std::string_view what, Ledger* ledger, bool only_records) {
  Ledger ignored;
  return parse(bytes, what, ledger ? *ledger : ignored, {ledger != nullptr, only_records});
}

Graph load_model(const std::string& path, bool only_records) {
  return read_model(read_file(path), path, nullptr, only_records);
}

}  // namespace netsuke
