#include "cli/bench_residency.h"

#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <string>

#include "base/error.h"
#include "report/table.h"

namespace netsuke::cli {
namespace {

// What one process finds out.
report::Json measure(const BenchOptions& options, Residency residency) {
  const auto start = std::chrono::steady_clock::now();
  ModelFlags flags = options.about;
  flags.only_records = residency == Residency::coded;
  LoadedModel model = load_model_argument(options.model, options.common.seed, flags);
  BenchRunner runner(model.graph, options, false, residency);
  model = {};
  const double load = milliseconds_since(start), first = load + runner.run();
  const Log log = terminal_log();
  runner.warm_up(log);
  const Latency latency = latency_of(runner.run_many(options, log));
  const runtime::Plan& plan = runner.session().plan();
  return {{"residency", runtime::residency_name(residency)},
          {"bytes_weights", plan.weight_bytes},
          {"bytes_activations", 4 * plan.arena},
          {"bytes_peak", peak_memory()},
          {"ms_load", load},
          {"ms_first", first},
          {"ms_median", latency.ms_median},
          {"ms_p90", latency.ms_p90}};
}

// All that the other end writes.
std::string read_all(int file) {
  std::string text;
  std::array<char, 4096> part;
  for (ssize_t count; (count = read(file, part.data(), part.size())) > 0;)
    text.append(part.data(), static_cast<size_t>(count));
  return text;
}

// In the child: writes what was measured and ends, without the exit handlers of the parent's state.
[[noreturn]] void answer(int file, const BenchOptions& options, Residency residency) {
  int status = 1;
  try {
    const std::string text = report::text_of(measure(options, residency));
    status = write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size()) ? 0 : 1;
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
  }
  _exit(status);
}

report::Json measure_apart(const BenchOptions& options, Residency residency) {
  int ends[2];
  if (pipe(ends) != 0) fail(ErrorCode::internal, "bench: no pipe to a process of its own");
  const pid_t child = fork();
  if (child < 0) fail(ErrorCode::internal, "bench: no process of its own for a measurement");
  if (child == 0) answer(ends[1], options, residency);
  close(ends[1]);
  const std::string text = read_all(ends[0]);
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  if (status != 0) fail(ErrorCode::input, "bench: residency ", runtime::residency_name(residency), " failed");
  return report::Json::parse(text);
}

std::string table_of(const report::Json& rows) {
  report::Table table({"<residency", "weights", "activations", "peak memory", "load ms", "first answer ms",
                       "median ms", "p90 ms"});
  for (const report::Json& row : rows) {
    const auto bytes = [&](const char* key) { return report::bytes_text(row[key].get<double>()); };
    const auto ms = [&](const char* key) { return fmt::format("{:.2f}", row[key].get<double>()); };
    table.row({row["residency"].get<std::string>(), bytes("bytes_weights"), bytes("bytes_activations"),
               bytes("bytes_peak"), ms("ms_load"), ms("ms_first"), ms("ms_median"), ms("ms_p90")});
  }
  return table.render();
}

}  // namespace

void compare_residencies(const BenchOptions& options, const Output& output) {
  if (options.explain || options.serve)
    fail(ErrorCode::usage, "--residency all: goes neither with --explain nor with --serve");
  report::Json rows = report::Json::array();
  for (Residency residency : {Residency::fastest, Residency::packed, Residency::coded, Residency::dense})
    rows.push_back(measure_apart(options, residency));
  output.text(table_of(rows));
  output.finish({{"model", options.model}, {"residencies", rows}});
}

}  // namespace netsuke::cli
