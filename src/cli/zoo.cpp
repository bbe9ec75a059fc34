#include <fmt/format.h>

#include "base/catalog.h"
#include "base/file.h"
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

void list(const Output& output) {
  report::Table table({"<model", "input", "size MB", "million mult-adds", "million parameters", "<about"});
  report::Json models = report::Json::array();
  for (const zoo::Architecture& row : zoo::architectures()) {
    const Graph graph = zoo::build(row.name);
    const int64_t params = parameter_count(graph), macs = total_macs(graph);
    table.row({std::string(row.name), to_text(row.input),
               fmt::format("{:.2f}", 4e-6 * static_cast<double>(params)),
               fmt::format("{:.2f}", 1e-6 * static_cast<double>(macs)),
               fmt::format("{:.3f}", 1e-6 * static_cast<double>(params)), std::string(row.summary)});
    models.push_back(
        {{"model", row.name}, {"params", params}, {"macs", macs}, {"bytes_fp32", bytes_fp32(graph)}});
  }
  output.text(table.render());
  output.finish({{"models", models}});
}

void run(const Options& options) {
  const Output output(options.common);
  if (options.name.empty()) return list(output);
  find_row(zoo::architectures(), options.name, "architecture");
  const Graph graph = load_model_argument(options.name, options.common.seed, options.about).graph;
  report::Json json = report::describe(graph, options.name, nullptr);
  if (options.output.empty()) {
    output.text(fmt::format(
        "{}: {} parameters, {} multiply-adds; give -o FILE.nsk or FILE.onnx to write it\n", options.name,
        report::grouped(parameter_count(graph)), report::grouped(total_macs(graph))));
  } else {
    check_writable(options.output, options.common.force);
    const WrittenFile written = write_and_reread(graph, {.threads = options.common.threads}, options.output);
    json = report::describe(written.graph, options.output, &written.ledger);
    output.text(ledger_text(written));
    output.text(fmt::format("{}: {} bytes\n", options.output, report::grouped(written.ledger.file_bytes)));
  }
  output.finish(json);
}

}  // namespace

void add_zoo(CLI::App& verb) {
  const auto options = std::make_shared<Options>();
  options->common.add_to(verb);
  options->about.add_to(verb);
  verb.add_option("ARCH", options->name, "the architecture; all are listed without one");
  verb.add_option("-o,--output", options->output, "write the untrained network to this file");
  verb.callback([options] { run(*options); });
}

}  // namespace netsuke::cli
