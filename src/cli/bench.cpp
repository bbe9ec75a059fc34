#include <fmt/format.h>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <optional>

#include "cli/bench_explain.h"
#include "cli/bench_residency.h"
#include "cli/bench_run.h"
#include "cli/common.h"
#include "kernels/cpu.h"
#include "report/table.h"

namespace netsuke::cli {
namespace {

Residency residency_of(const BenchOptions& options) {
  return runtime::parse_residency(options.residency, "--residency");
}

void print_line(const report::Json& json) {
  fmt::print("{}\n", report::text_of(json));
  std::fflush(stdout);
}

/// Says what it is, then reads a number from each line of standard input, runs so many batches, and answers
/// with a line of their times, by the clock and of the processor: another program takes turns with us, and
/// both stay warm.
void serve(BenchRunner& runner, const report::Json& about) {
  print_line(about);
  char line[64];
  while (std::fgets(line, sizeof line, stdin)) {
    const int64_t count = parse_integer(trim(line), "bench --serve");
    if (count < 1) fail(ErrorCode::input, "bench --serve: found '", trim(line), "', expected 1 or more");
    report::Json times = report::Json::array(), cpu_times = report::Json::array();
    for (int64_t i = 0; i < count; ++i) {
      const std::clock_t before = std::clock();
      times.push_back(runner.run());
      cpu_times.push_back(1e3 * static_cast<double>(std::clock() - before) / CLOCKS_PER_SEC);
    }
    print_line({{"ms", times}, {"cpu_ms", cpu_times}});
  }
}

/// Of the threads that share a step: all if they work on one image together, else the one that has it alone.
kernels::Limits limits_for(const BenchOptions& options) {
  Threads threads(options.common.threads);
  const auto count = static_cast<size_t>(threads.count());
  std::vector<kernels::Limits> each(count);
  threads.each(count, [&](size_t i) { each[i] = kernels::measure_limits(); });
  if (std::cmp_greater_equal(options.batch, count)) return each[0];
  kernels::Limits all;
  for (const kernels::Limits& one : each) all += one;
  return all;
}

void explain(const BenchOptions& options, const Graph& graph, const Output& output, const Log& log,
             report::Json& json) {
  BenchRunner timed(graph, options, true, residency_of(options));
  const std::vector<runtime::StepReport> steps = timed.typical_steps(log);
  const kernels::Limits limits = limits_for(options);
  const std::vector<StepRow> rows = explained(graph, steps, options.batch, limits);
  json["limits"] = limits_json(limits);
  json["steps"] = explained_json(rows);
  output.text("\n" + explained_text(rows) + "\n" + limits_text(limits));
}

void add_latency(report::Json& json, const Latency& latency, int64_t batch) {
  json["runs"] = latency.runs;
  json["ms_min"] = latency.ms_min;
  json["ms_median"] = latency.ms_median;
  json["ms_p90"] = latency.ms_p90;
  json["ms_p99"] = latency.ms_p99;
  json["images_per_second"] = 1e3 * static_cast<double>(batch) / latency.ms_median;
}

std::string summary(const report::Json& json) {
  const auto number = [&](const char* key) { return json[key].get<double>(); };
  const auto whole = [&](const char* key) { return json[key].get<int64_t>(); };
  return fmt::format(
      "{}: {} bytes, {} thread{}, {}, batch {}\n"
      "loaded in {:.1f} ms, first answer after {:.1f} ms, at most {} of memory: weights {}, activations {} "
      "({} alive at once)\n"
      "latency min {:.3f}  median {:.3f}  p90 {:.3f}  p99 {:.3f} ms  ({} runs after {} to warm up)\n"
      "{:.1f} images/s\n",
      json["model"].get<std::string>(), report::grouped(whole("bytes")), whole("threads"),
      whole("threads") == 1 ? "" : "s", json["cpu"].get<std::string>(), whole("batch"), number("ms_load"),
      number("ms_first"), report::bytes_text(number("bytes_peak")),
      report::bytes_text(number("bytes_weights")), report::bytes_text(number("bytes_activations")),
      report::bytes_text(number("bytes_live")), number("ms_min"), number("ms_median"), number("ms_p90"),
      number("ms_p99"), whole("runs"), whole("warmup"), number("images_per_second"));
}

void run(const BenchOptions& options) {
  const Output output(options.common);
  if (options.residency == "all") return compare_residencies(options, output);
  const Log log = terminal_log();
  const auto start = std::chrono::steady_clock::now();
  ModelFlags flags = options.about;
  flags.only_records = residency_of(options) == Residency::coded;
  const LoadedModel model = load_model_argument(options.model, options.common.seed, flags);
  BenchRunner runner(model.graph, options, false, residency_of(options));
  const double load = milliseconds_since(start), first = load + runner.run();
  refuse_if_stopped(log);
  const report::Json about{{"cpu", kernels::cpu_level()},
                           {"threads", Threads(options.common.threads).count()},
                           {"batch", options.batch},
                           {"ms_load", load},
                           {"ms_first", first}};
  if (options.serve) return serve(runner, about);
  const int warmup = runner.warm_up(log);
  const Latency latency = latency_of(runner.run_many(options, log));
  const int64_t peak = peak_memory();
  report::Json json = report::describe(model.graph, model.name, model.is_file ? &model.ledger : nullptr);
  json.update(about);
  json["warmup"] = warmup;
  json["bytes_peak"] = peak;
  json["bytes_weights"] = runner.session().plan().weight_bytes;
  json["bytes_activations"] = 4 * runner.session().plan().arena;
  json["bytes_live"] = 4 * runner.session().plan().live;
  add_latency(json, latency, options.batch);
  output.text(summary(json));
  if (options.explain) explain(options, model.graph, output, log, json);
  output.finish(json);
}

}  // namespace

void add_bench(Flags& verb) {
  const auto options = std::make_shared<BenchOptions>();
  options->common.add_to(verb);
  options->about.add_to(verb);
  verb.option("MODEL", options->model, "a .nsk or .onnx file, or the name of an architecture").required();
  verb.option("-b,--batch", options->batch, "images computed at once").show_default().between(1, 4096);
  verb.option("--repeat", options->repeat, "stop after this many runs").between(1, 1'000'000'000);
  verb.option("--seconds", options->seconds, "stop after this time; 3 if neither is given").above_zero();
  verb.option("--input-raw", options->input_raw,
              "instead of noise: one input as the network takes it, float32 little-endian, NCHW");
  verb.option("--residency", options->residency,
              "weights in memory: as the fastest kernels want them, packed, coded as in the file, or "
              "dense; all compares the four")
      .show_default()
      .one_of({"fastest", "packed", "coded", "dense", "all"});
  const Flag explain =
      verb.flag("--explain", options->explain,
                "for every layer: its kernel, its time, and how near that is to what the machine can do");
  verb.flag("--serve", options->serve,
            "for each line read, a number, run so often and print the times as a line of JSON")
      .excludes(explain);
  verb.run([options] { run(*options); });
}

}  // namespace netsuke::cli
