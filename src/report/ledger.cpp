#include "report/ledger.h"

#include <fmt/format.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <cmath>

#include "report/table.h"

namespace netsuke::report {

StageBytes stage_bytes(const TensorLedger& t) {
  StageBytes s;
  const double index_bits = static_cast<double>((t.kept + t.fillers) * t.index_bits);
  s.float32 = static_cast<double>(t.elements) * 4;
  s.pruned = std::min(s.float32, static_cast<double>(t.kept) * 4 + index_bits / 8);
  // A codebook counts as floats here, as the paper counts it; unshared weights stay what they were.
  const double codebook = t.value_bits < 32 ? std::ldexp(4.0, t.value_bits) : 0;
  s.shared = std::min(s.pruned, (static_cast<double>(t.kept * t.value_bits) + index_bits) / 8 + codebook);
  s.coded = static_cast<double>(t.bytes);
  s.file = s.coded;
  return s;
}

StageBytes stage_bytes(const Ledger& ledger) {
  StageBytes total;
  for (const TensorLedger& tensor : ledger.tensors) {
    const StageBytes s = stage_bytes(tensor);
    total.float32 += s.float32, total.pruned += s.pruned, total.shared += s.shared, total.coded += s.coded;
  }
  total.file = static_cast<double>(ledger.file_bytes);
  return total;
}

namespace {

double gzip_size(const std::vector<uint8_t>& bytes) {
  z_stream stream{};
  if (deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY) != Z_OK)
    fail(ErrorCode::internal, "zlib cannot start");
  std::vector<uint8_t> out(deflateBound(&stream, bytes.size()) + 32);
  stream.next_in = const_cast<Bytef*>(bytes.data());  // zlib's old interface; it does not write there
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = out.data();
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  const auto size = static_cast<double>(stream.total_out);
  deflateEnd(&stream);
  return size;
}

double zstd_size(const std::vector<uint8_t>& bytes) {
  std::vector<uint8_t> out(ZSTD_compressBound(bytes.size()));
  return static_cast<double>(ZSTD_compress(out.data(), out.size(), bytes.data(), bytes.size(), 19));
}

}  // namespace

Baselines baselines(const Graph& graph, size_t limit) {
  std::vector<uint8_t> bytes;
  size_t whole = 0;
  for (const Parameter& p : parameters(graph)) {
    const Weight& weight = *graph.values[p.value].weight;
    whole += static_cast<size_t>(weight_count(weight)) * 4;
    if (bytes.size() >= limit) continue;
    const Tensor dense = to_dense(weight);
    const auto* first = reinterpret_cast<const uint8_t*>(dense.data.data());
    bytes.insert(bytes.end(), first, first + dense.size() * 4);
  }
  Baselines b;
  if (bytes.empty()) return b;
  b.sampled = bytes.size() > limit;
  if (b.sampled) bytes.resize(limit);
  const double scale = static_cast<double>(whole) / static_cast<double>(bytes.size());
  b.gzip9 = gzip_size(bytes) * scale;
  b.zstd19 = zstd_size(bytes) * scale;
  return b;
}

namespace {

/// One row of the paper's table: a weight tensor, or the sum of several.
struct PaperRow {
  int64_t elements = 0, kept = 0;
  double value_bits = 0, coded_value_bits = 0, index_bits = 0,
         coded_index_bits = 0;  ///< summed over kept weights
  double shared_bytes = 0, bytes = 0;

  void add(const TensorLedger& t) {
    const auto kept_weights = static_cast<double>(t.kept);
    elements += t.elements, kept += t.kept;
    value_bits += kept_weights * t.value_bits, coded_value_bits += kept_weights * t.coded_value_bits;
    index_bits += kept_weights * t.index_bits, coded_index_bits += kept_weights * t.coded_index_bits;
    shared_bytes += stage_bytes(t).shared, bytes += static_cast<double>(t.bytes);
  }
  std::vector<std::string> cells(const std::string& name) const {
    const double n = std::max<double>(1, static_cast<double>(kept)),
                 floats = static_cast<double>(elements) * 4;
    const auto pair = [&](double before, double after) {
      return fmt::format("{:.1f} / {:.1f}", before / n, after / n);
    };
    return {name,
            grouped(elements),
            fmt::format("{:.1f} %", 100 * static_cast<double>(kept) /
                                        static_cast<double>(std::max<int64_t>(1, elements))),
            pair(value_bits, coded_value_bits),
            index_bits > 0 ? pair(index_bits, coded_index_bits) : "-",
            grouped(static_cast<long long>(bytes)),
            fmt::format("{:.2f} / {:.2f} %", 100 * shared_bytes / floats, 100 * bytes / floats)};
  }
};

bool is_weight(const Parameter& p) { return p.role == "weight"; }

}  // namespace

std::string paper_table(const Graph& graph, const Ledger& ledger) {
  Table table(
      {"<layer", "weights", "kept", "weight bits P+Q / +H", "index bits P+Q / +H", "bytes", "size P+Q / +H"});
  PaperRow vectors, total;
  for (const Parameter& p : parameters(graph)) {
    const auto found = std::find_if(ledger.tensors.begin(), ledger.tensors.end(),
                                    [&](const TensorLedger& t) { return t.value == p.value; });
    if (found == ledger.tensors.end()) continue;
    total.add(*found);
    if (!is_weight(p)) {
      vectors.add(*found);
      continue;
    }
    PaperRow row;
    row.add(*found);
    table.row(row.cells(node_name(graph, graph.nodes[p.node])));
  }
  if (vectors.elements > 0) table.row(vectors.cells("biases, norms"));
  table.rule();
  table.row(total.cells("total"));
  return table.render();
}

std::string ledger_text(const Ledger& ledger, const Baselines& base) {
  const StageBytes s = stage_bytes(ledger);
  Table stages({"<stage", "bytes", "of float32", "ratio"});
  const auto stage = [&](const char* name, double bytes) {
    stages.row({name, grouped(static_cast<long long>(bytes + 0.5)),
                fmt::format("{:.2f} %", 100 * bytes / s.float32),
                fmt::format("{:.1f} x", s.float32 / bytes)});
  };
  stage("float32", s.float32);
  stage("pruned", s.pruned);
  stage("shared", s.shared);
  stage("coded", s.coded);
  stage("file", s.file);
  stages.rule();
  const char* note = base.sampled ? " of the float32 (estimated from its start)" : " of the float32";
  if (base.gzip9 > 0) stage((std::string("gzip -9") + note).c_str(), base.gzip9);
  if (base.zstd19 > 0) stage((std::string("zstd -19") + note).c_str(), base.zstd19);

  TensorLedger sum{};
  double entropy = 0;
  int64_t vectors = 0;
  for (const TensorLedger& t : ledger.tensors) {
    sum.codes_bytes += t.codes_bytes, sum.index_bytes += t.index_bytes,
        sum.codebook_bytes += t.codebook_bytes;
    sum.table_bytes += t.table_bytes, sum.raw_bytes += t.raw_bytes, sum.header_bytes += t.header_bytes;
    entropy += t.entropy_bytes, vectors += t.value_bits == 32 ? 0 : t.codes_bytes + t.index_bytes;
  }
  Table parts({"<where the bytes are", "bytes", "of the file"});
  const auto part = [&](const char* name, int64_t bytes) {
    parts.row({name, grouped(bytes), fmt::format("{:.1f} %", 100.0 * static_cast<double>(bytes) / s.file)});
  };
  part("codes of weights", sum.codes_bytes);
  part("indices", sum.index_bytes);
  part("codebooks", sum.codebook_bytes);
  part("code tables", sum.table_bytes);
  part("unshared floats", sum.raw_bytes);
  part("tensor headers", sum.header_bytes);
  part("graph", ledger.graph_bytes);
  part("metadata", ledger.metadata_bytes);
  part("checksums", ledger.checksum_bytes);
  part("file header", ledger.header_bytes);
  parts.rule();
  part("file", ledger.file_bytes);
  std::string out = stages.render() + '\n' + parts.render();
  if (vectors > 0)
    out += fmt::format("codes and indices take {} bytes; the zero-order entropy of these streams is {}\n",
                       grouped(vectors), grouped(static_cast<long long>(entropy)));
  return out;
}

}  // namespace netsuke::report
