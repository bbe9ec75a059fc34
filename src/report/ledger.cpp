#include "report/ledger.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>

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

namespace {

std::string stages_table(const Ledger& ledger, const Baselines& base) {
  const StageBytes s = stage_bytes(ledger);
  Table table({"<stage", "bytes", "of float32", "ratio"});
  const auto row = [&](const std::string& name, double bytes) {
    table.row({name, grouped(std::llround(bytes)), fmt::format("{:.2f} %", 100 * bytes / s.float32),
               fmt::format("{:.1f} x", s.float32 / bytes)});
  };
  row("float32", s.float32);
  row("pruned", s.pruned);
  row("shared", s.shared);
  row("coded", s.coded);
  row("file", s.file);
  table.rule();
  const char* note = base.sampled ? " of the float32 (estimated from its start)" : " of the float32";
  if (base.gzip9 > 0) row(std::string("gzip -9") + note, base.gzip9);
  if (base.zstd19 > 0) row(std::string("zstd -19") + note, base.zstd19);
  return table.render();
}

/// Bytes by component: of a layer, or of several together.
struct Components {
  int64_t codes = 0, indices = 0, codebooks = 0, tables = 0, floats = 0, headers = 0, biases = 0, total = 0;

  void add(const TensorLedger& t, bool weight) {
    total += t.bytes;
    if (!weight) {
      biases += t.bytes;
      return;
    }
    codes += t.codes_bytes, indices += t.index_bytes, codebooks += t.codebook_bytes, tables += t.table_bytes;
    floats += t.raw_bytes, headers += t.header_bytes;
  }
  void add(const Components& c) {
    codes += c.codes, indices += c.indices, codebooks += c.codebooks, tables += c.tables;
    floats += c.floats, headers += c.headers, biases += c.biases, total += c.total;
  }
};

struct NamedComponents {
  std::string layer;
  Components bytes;
};

/// In node order.
std::vector<NamedComponents> components_of(const Graph& graph, const Ledger& ledger) {
  std::vector<const TensorLedger*> of_value(graph.values.size());
  for (const TensorLedger& t : ledger.tensors) of_value[t.value] = &t;
  std::vector<NamedComponents> layers;
  size_t last_node = graph.nodes.size();
  for (const Parameter& p : parameters(graph)) {
    if (!of_value[p.value]) continue;
    if (p.node != last_node) layers.push_back({node_name(graph, graph.nodes[p.node]), {}});
    last_node = p.node;
    layers.back().bytes.add(*of_value[p.value], is_weight(p));
  }
  return layers;
}

/// The size that the `most` largest layers have at least.
int64_t least_shown(const std::vector<NamedComponents>& layers, size_t most) {
  if (layers.size() <= most) return 0;
  std::vector<int64_t> sizes;
  for (const NamedComponents& layer : layers) sizes.push_back(layer.bytes.total);
  std::nth_element(sizes.begin(), sizes.begin() + static_cast<std::ptrdiff_t>(most), sizes.end(),
                   std::greater());
  return sizes[most] + 1;
}

std::string components_table(const Graph& graph, const Ledger& ledger, size_t most_layers) {
  Table table({"<bytes of", "codes", "indices", "codebooks", "code tables", "floats", "headers",
               "biases, norms", "all", "of the file"});
  const auto cell = [](int64_t bytes) { return bytes == 0 ? std::string("-") : grouped(bytes); };
  const auto share = [&](int64_t bytes) {
    return fmt::format("{:.1f} %",
                       100.0 * static_cast<double>(bytes) / static_cast<double>(ledger.file_bytes));
  };
  const auto row = [&](const std::string& name, const Components& c) {
    table.row({name, cell(c.codes), cell(c.indices), cell(c.codebooks), cell(c.tables), cell(c.floats),
               cell(c.headers), cell(c.biases), grouped(c.total), share(c.total)});
  };
  const std::vector<NamedComponents> layers = components_of(graph, ledger);
  const int64_t least = least_shown(layers, most_layers);
  Components small, sum;
  size_t small_layers = 0;
  for (const NamedComponents& layer : layers) {
    sum.add(layer.bytes);
    if (layer.bytes.total >= least)
      row(layer.layer, layer.bytes);
    else
      small.add(layer.bytes), ++small_layers;
  }
  if (small_layers > 0) row(fmt::format("{} smaller layers", small_layers), small);
  table.rule();
  row("all layers", sum);
  row("graph", {.total = ledger.graph_bytes});
  row("metadata", {.total = ledger.metadata_bytes});
  row("checksums", {.total = ledger.checksum_bytes});
  row("file header", {.total = ledger.header_bytes});
  table.rule();
  row("file", {.total = ledger.file_bytes});
  return table.render();
}

std::string entropy_line(const Ledger& ledger) {
  double entropy = 0;
  int64_t streams = 0;
  for (const TensorLedger& t : ledger.tensors) {
    entropy += t.entropy_bytes;
    streams += t.value_bits == 32 ? 0 : t.codes_bytes + t.index_bytes;
  }
  if (streams == 0) return {};
  return fmt::format("codes and indices take {} bytes; the zero-order entropy of these streams is {}\n",
                     grouped(streams), grouped(static_cast<long long>(entropy)));
}

}  // namespace

std::string ledger_text(const Graph& graph, const Ledger& ledger, const Baselines& base, size_t most_layers) {
  return stages_table(ledger, base) + '\n' + components_table(graph, ledger, most_layers) +
         entropy_line(ledger);
}

}  // namespace netsuke::report
