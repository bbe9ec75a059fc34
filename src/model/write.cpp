#include "model/write.h"

#include <optional>

#include "base/threads.h"
#include "codec/relative_index.h"
#include "codec/symbol_stream.h"
#include "graph/passes/order.h"
#include "graph/shapes.h"
#include "model/format.h"
#include "model/graph_section_write.h"
#include "model/read.h"
#include "model/weight_record_write.h"

namespace netsuke {
namespace {

using namespace model;

Bytes write_block(ByteView bytes) {
  ByteWriter out;
  out.varint(bytes.size());
  out.raw(codec::write_stream(std::vector<uint16_t>(bytes.begin(), bytes.end()), 256));
  return out.take();
}

Bytes write_section(SectionKind kind, ByteView payload) {
  ByteWriter out;
  out.u8(static_cast<uint8_t>(kind));
  out.varint(payload.size());
  out.raw(payload);
  out.u32(checksum(out.bytes()));
  return out.take();
}

// Every weight on its own, on whatever thread: the bytes are the same for any number of them.
Bytes write_weights(const Graph& graph, const std::vector<Parameter>& constants, const WriteOptions& options,
                    uint64_t& features) {
  std::vector<WeightRecord> records(constants.size());
  Threads(options.threads).each(records.size(), [&](size_t i) {
    records[i] = write_weight(*graph.values[constants[i].value].weight, options);
  });
  ByteWriter out;
  for (const WeightRecord& record : records) {
    out.varint(record.size());
    out.raw(record.bytes);
    if (record.range_coded) features |= kRangeCoded;
    if (record.binary) features |= kBinary;
  }
  return out.take();
}

Bytes write_metadata(const Graph& graph) {
  ByteWriter out;
  out.varint(graph.metadata.size());
  for (const auto& [key, value] : graph.metadata) {
    out.text(key);
    out.text(value);
  }
  return out.take();
}

// A file of many equal values could be smaller than a reader believes: it is filled up with zeros.
std::optional<Bytes> padding_for(const Graph& graph, const std::vector<Parameter>& constants,
                                 uint64_t file_bytes) {
  uint64_t kept = 0;
  for (const Parameter& p : constants)
    kept += static_cast<uint64_t>(kept_count(*graph.values[p.value].weight));
  if (kept <= most_kept_values(file_bytes)) return std::nullopt;
  return write_section(SectionKind::padding, Bytes((kept - most_kept_values(file_bytes)) / 8 + 1, 0));
}

Bytes write_file_bytes(const Graph& graph, const WriteOptions& options) {
  const std::vector<Parameter> constants = parameters(graph);
  uint64_t features = 0;
  std::vector<Bytes> sections = {write_section(SectionKind::graph, write_block(write_graph_section(graph)))};
  if (!constants.empty())
    sections.push_back(
        write_section(SectionKind::weights, write_weights(graph, constants, options, features)));
  if (!graph.metadata.empty())
    sections.push_back(write_section(SectionKind::metadata, write_block(write_metadata(graph))));
  size_t total = 0;
  for (const Bytes& section : sections) total += section.size();
  if (auto padding = padding_for(graph, constants, total)) sections.push_back(std::move(*padding));
  ByteWriter out;
  for (char c : kMagic) out.u8(static_cast<uint8_t>(c));
  out.u8(kVersion);
  out.varint(features);
  out.varint(sections.size());
  for (const Bytes& section : sections) out.raw(section);
  return out.take();
}

}  // namespace

Written write_model(const Graph& graph, const WriteOptions& options) {
  const int bits = options.index_bits;
  if (bits != 0 && (bits < codec::kLeastIndexBits || bits > codec::kMostIndexBits))
    fail(ErrorCode::usage, "an index of ", bits,
         " bits was asked for, 2 to 16 are accepted, or 0 for the best");
  verify(graph);
  infer_shapes(graph);
  Written written;
  written.bytes = write_file_bytes(in_file_order(graph), options);
  written.graph = read_model(written.bytes, graph.name, &written.ledger);
  return written;
}

}  // namespace netsuke
