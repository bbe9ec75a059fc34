#include <fmt/format.h>

#include "base/catalog.h"
#include "cli/common.h"
#include "graph/cost.h"
#include "report/table.h"
#include "zoo/zoo.h"

namespace netsuke::cli {
namespace {

struct Options {
  Common common;
  ModelFlags about;
  std::string name;
  std::string output;
};

std::string percent(int64_t part, int64_t whole) {
  if (part == 0) return "-";
  return fmt::format("{:.1f}", 100.0 * static_cast<double>(part) / static_cast<double>(whole));
}

/// Where a network's work and parameters are, as in Table 2 of MobileNet.
class ShareTable {
 public:
  ShareTable() : table_(titles()) {}
  void add(const std::string& name, const Graph& graph) {
    const int64_t macs = total_macs(graph), parameters = parameter_count(graph);
    std::vector<std::string> cells{name};
    for (const LayerShare& share : layer_shares(graph))
      cells.push_back(percent(share.macs, macs) + " / " + percent(share.parameters, parameters));
    table_.row(cells);
  }
  std::string render() const { return table_.render(); }

 private:
  static std::vector<std::string> titles() {
    std::vector<std::string> titles{"<% mult-adds / % parameters"};
    for (const LayerShare& share : layer_shares({})) titles.emplace_back(share.kind);
    return titles;
  }
  report::Table table_;
};

report::Json shares_json(const Graph& graph) {
  report::Json shares = report::Json::array();
  for (const LayerShare& share : layer_shares(graph))
    shares.push_back({{"kind", share.kind}, {"macs", share.macs}, {"params", share.parameters}});
  return shares;
}

void list(const Output& output) {
  report::Table table({"<model", "input", "size MB", "million mult-adds", "million parameters", "<about"});
  ShareTable shares;
  report::Json models = report::Json::array();
  for (const zoo::Architecture& row : zoo::architectures()) {
    zoo::Options counting;
    counting.seed = std::nullopt;
    const Graph graph = zoo::build(row.name, counting);
    const int64_t params = parameter_count(graph), macs = total_macs(graph);
    table.row({std::string(row.name), to_text(row.input),
               fmt::format("{:.2f}", 4e-6 * static_cast<double>(params)),
               fmt::format("{:.2f}", 1e-6 * static_cast<double>(macs)),
               fmt::format("{:.3f}", 1e-6 * static_cast<double>(params)), std::string(row.summary)});
    shares.add(std::string(row.name), graph);
    models.push_back({{"model", row.name},
                      {"input", row.input},
                      {"params", params},
                      {"macs", macs},
                      {"bytes_fp32", bytes_fp32(graph)},
                      {"shares", shares_json(graph)}});
  }
  output.text(table.render() + "\n" + shares.render());
  output.finish({{"models", models}});
}

/// The options that --set changes.
std::string flags_text(const zoo::Architecture& row) {
  if (row.flags.empty()) return {};
  report::Table table({"<--set", "<default", "<meaning"});
  for (const zoo::Flag& flag : row.flags)
    table.row({std::string(flag.name), std::string(flag.fallback), std::string(flag.meaning)});
  return "\n" + table.render();
}

void run(const Options& options) {
  const Output output(options.common);
  if (options.name.empty() && !options.output.empty())
    fail(ErrorCode::usage, "--output: takes the name of an architecture beside it");
  if (options.name.empty()) return list(output);
  const auto& row = zoo::find_architecture(options.name);
  const Graph graph = load_model_argument(options.name, options.common.seed, options.about).graph;
  report::Json json = report::describe(graph, options.name, nullptr);
  if (options.output.empty()) {
    ShareTable shares;
    shares.add(options.name, graph);
    output.text(fmt::format("{}: {} parameters, {} multiply-adds; -o FILE.nsk or FILE.onnx writes it\n\n",
                            options.name, report::grouped(parameter_count(graph)),
                            report::grouped(total_macs(graph))));
    output.text(shares.render() + flags_text(row));
    json["shares"] = shares_json(graph);
  } else {
    check_model_path(options.output, options.common.force);
    const WrittenFile written = write_and_reread(graph, {.threads = options.common.threads}, options.output);
    json = report::describe(written.graph, options.output, &written.ledger);
    print_ledger(output, written, written.graph);
    output.text(fmt::format("{}: {} bytes\n", options.output, report::grouped(written.ledger.file_bytes)));
  }
  output.finish(json);
}

}  // namespace

void add_zoo(Flags& verb) {
  const auto options = std::make_shared<Options>();
  options->common.add_to(verb);
  options->about.add_to(verb);
  verb.option("ARCH", options->name, "the architecture; all are listed without one");
  verb.option("-o,--output", options->output, "write the untrained network to this file");
  verb.run([options] { run(*options); });
}

}  // namespace netsuke::cli
