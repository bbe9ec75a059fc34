#include "cli/explain_accuracy.h"

#include <fmt/format.h>

#include <algorithm>

#include "compress/mask.h"
#include "compress/share.h"
#include "model/write.h"
#include "report/table.h"

namespace netsuke::cli {
namespace {

constexpr int kFinerBits = 8;

/// Constants of one layer in both networks: its weight, and its bias where both have one.
struct Layer {
  std::string name;
  std::vector<std::pair<ValueId, ValueId>> values;  ///< original, compressed
};

/// The constants of a node by role.
std::map<std::string, ValueId> constants_of(const Graph& graph, const std::string& node) {
  std::map<std::string, ValueId> constants;
  for (const Parameter& p : parameters(graph))
    if (node_name(graph, graph.nodes[p.node]) == node) constants[std::string(p.role)] = p.value;
  return constants;
}

std::vector<Layer> common_layers(const Graph& original, const Graph& compressed) {
  std::vector<Layer> layers;
  for (const Parameter& p : parameters(compressed)) {
    if (p.role != "weight") continue;
    Layer layer{node_name(compressed, compressed.nodes[p.node]), {}};
    const auto theirs = constants_of(original, layer.name);
    for (const auto& [role, ours] : constants_of(compressed, layer.name)) {
      const auto found = theirs.find(role);
      if (found == theirs.end()) continue;
      if (original.values[found->second].weight->shape == compressed.values[ours].weight->shape)
        layer.values.emplace_back(found->second, ours);
    }
    const bool has_weight =
        std::ranges::any_of(layer.values, [&](const auto& pair) { return pair.second == p.value; });
    if (has_weight) layers.push_back(std::move(layer));
  }
  return layers;
}

/// Layers with weights of the original that `common` lacks.
std::vector<std::string> others_of(const Graph& original, const std::vector<Layer>& common) {
  std::vector<std::string> others;
  for (const Parameter& p : parameters(original)) {
    const std::string& name = node_name(original, original.nodes[p.node]);
    if (p.role == "weight" && std::ranges::find(common, name, &Layer::name) == common.end())
      others.push_back(name);
  }
  return others;
}

/// The one that a file was written with, as far as it matters to another file's bytes.
Coder coder_of(const Ledger& ledger) {
  const auto any = [&](std::string_view word) {
    return std::ranges::any_of(ledger.tensors,
                               [&](const TensorLedger& t) { return t.form.find(word) != std::string::npos; });
  };
  return any("range") ? Coder::automatic : any("huffman") ? Coder::symbols : Coder::plain;
}

/// The original's values of this layer at 8 bits, those that are kept, in the compressed network.
Graph with_finer(const Graph& original, const Graph& compressed, const Layer& layer) {
  Graph kept = original;
  for (const auto& [theirs, ours] : layer.values)
    kept.values[theirs].weight =
        compress::kept_of(*original.values[theirs].weight, *compressed.values[ours].weight);
  compress::ShareOptions options;
  options.bits.by_key.clear();
  options.bits.by_key[layer.name] = kFinerBits;
  const Graph shared = compress::share(kept, options);
  Graph result = compressed;
  for (const auto& [theirs, ours] : layer.values) result.values[ours].weight = shared.values[theirs].weight;
  return result;
}

}  // namespace

Blame blame_layers(const Graph& original, const Graph& compressed, const Ledger& ledger,
                   const Dataset& images, int threads, const Log& log) {
  const std::vector<Layer> layers = common_layers(original, compressed);
  if (layers.empty())
    fail(ErrorCode::input, "the compressed network ", compressed.name,
         ": has no layer of a name and shape that ", original.name,
         " has too; layers in two factors and folded ones cannot be compared");
  Log quiet;
  quiet.stop = log.stop;
  const auto error_of = [&](const Graph& g) { return measure_accuracy(g, images, threads, quiet).error(); };
  Blame blame{.error_original = error_of(original), .error = error_of(compressed), .layers = {}};
  blame.others = others_of(original, layers);
  const WriteOptions write{.coder = coder_of(ledger), .threads = threads};
  const auto file_bytes = [&](const Graph& g) { return std::ssize(write_model(g, write).bytes); };
  const int64_t bytes = file_bytes(compressed);
  for (const Layer& layer : layers) {
    Graph only = original, all_but = compressed;
    for (const auto& [theirs, ours] : layer.values) {
      only.values[theirs].weight = compressed.values[ours].weight;
      all_but.values[ours].weight = original.values[theirs].weight;
    }
    const Graph finer = with_finer(original, compressed, layer);
    LayerBlame b{.layer = layer.name,
                 .only = error_of(only) - blame.error_original,
                 .all_but = error_of(all_but) - blame.error_original,
                 .at_8_bits = error_of(finer) - blame.error_original,
                 .more_bytes = file_bytes(finer) - bytes};
    for (const TensorLedger& t : ledger.tensors)
      for (const auto& pair : layer.values)
        if (t.name == compressed.values[pair.second].name) b.bytes += t.bytes;
    blame.layers.push_back(b);
    log.progress({"explain", blame.layers.size(), layers.size(), "layers", layer.name});
  }
  return blame;
}

std::string blame_text(const Blame& blame) {
  report::Table table({"<layer", "bytes", "only it compressed", "all but it", "it at 8 bits", "for"});
  for (const LayerBlame& b : blame.layers)
    table.row({b.layer, report::grouped(b.bytes), fmt::format("{:+.2f}", b.only),
               fmt::format("{:+.2f}", b.all_but), fmt::format("{:+.2f}", b.at_8_bits),
               fmt::format("{:+} bytes", b.more_bytes)});
  const double lost = blame.error - blame.error_original;
  std::string text = table.render();
  text += fmt::format(
      "points of top-1 error above the original's {:.2f} %; the whole compressed network: {:+.2f}\n",
      blame.error_original, lost);
  const auto gain = [&](const LayerBlame& b) {
    return (lost - b.at_8_bits) / static_cast<double>(std::max<int64_t>(1, b.more_bytes));
  };
  const auto best = std::ranges::max_element(blame.layers, {}, [&](const LayerBlame& b) { return gain(b); });
  text += gain(*best) > 0
              ? fmt::format("most for its bytes: {} at 8 bits gives back {:.2f} points for {} bytes more\n",
                            best->layer, lost - best->at_8_bits, report::grouped(best->more_bytes))
              : "no layer at 8 bits gives anything back\n";
  if (!blame.others.empty())
    text += cat("not compared, as they have another form now: ", join(blame.others), "\n");
  return text;
}

report::Json blame_json(const Blame& blame) {
  report::Json json{{"error_original", blame.error_original}, {"error", blame.error}};
  for (const LayerBlame& b : blame.layers)
    json["layers"].push_back({{"name", b.layer},
                              {"bytes", b.bytes},
                              {"points_only_it", b.only},
                              {"points_all_but_it", b.all_but},
                              {"points_at_8_bits", b.at_8_bits},
                              {"more_bytes_at_8_bits", b.more_bytes}});
  json["not_compared"] = blame.others;
  return json;
}

}  // namespace netsuke::cli
