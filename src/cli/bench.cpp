#include <fmt/format.h>
#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <ctime>
#include <optional>

#include "base/random.h"
#include "cli/bench_explain.h"
#include "cli/common.h"
#include "kernels/cpu.h"
#include "report/table.h"

namespace netsuke::cli {
namespace {

struct Options {
  Common common;
  ModelFlags about;
  std::string model, input_raw;
  int64_t batch = 1;
  int64_t repeat = 0;  ///< 0: as many as the time allows
  double seconds = 0;  ///< 0: as long as the repeats take
  bool explain = false, serve = false;
};

// Unless the user says how many or how long.
constexpr double kSeconds = 3;

double milliseconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
}

/// The most memory that this process ever had, in bytes.
int64_t peak_memory() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return int64_t{1024} * usage.ru_maxrss;  // Linux counts in KiB
}

/// The same image over and over: given, or noise of the seed.
std::vector<float> input_batch(const Options& options, size_t image) {
  std::vector<float> values;
  if (!options.input_raw.empty()) {
    values = read_floats(options.input_raw, image);
  } else {
    Random random(options.common.seed);
    for (size_t i = 0; i < image; ++i) values.push_back(static_cast<float>(random.uniform(-1, 1)));
  }
  values.reserve(image * static_cast<size_t>(options.batch));
  while (values.size() < image * static_cast<size_t>(options.batch))
    values.insert(values.end(), values.begin(), values.begin() + static_cast<std::ptrdiff_t>(image));
  return values;
}

/// A session with its input and output.
class Runner {
 public:
  Runner(const Graph& graph, const Options& options, bool timed)
      : session_(graph, {.threads = options.common.threads, .timed = timed}),
        batch_(options.batch),
        input_(input_batch(options, session_.input_size())),
        output_(session_.output_size() * static_cast<size_t>(batch_)) {}

  /// Milliseconds of one batch.
  double run() {
    const auto start = std::chrono::steady_clock::now();
    session_.run(input_, batch_, output_);
    return milliseconds_since(start);
  }
  /// Until the options' repeats or seconds are over; at least once. Stops early at Ctrl-C.
  std::vector<double> run_many(const Options& options, const Log& log) {
    const auto start = std::chrono::steady_clock::now();
    const double most = options.seconds > 0 ? options.seconds : options.repeat > 0 ? 1e9 : kSeconds;
    std::vector<double> times;
    do {
      times.push_back(run());
    } while (!log.stopping() && std::cmp_not_equal(times.size(), options.repeat) &&
             milliseconds_since(start) < 1e3 * most);
    return times;
  }
  /// Brings caches and the processor's clock to where they stay: three runs, a fifth of a second.
  int warm_up() {
    const auto start = std::chrono::steady_clock::now();
    int runs = 0;
    for (; runs < 3 || milliseconds_since(start) < 200; ++runs) run();
    return runs;
  }
  const runtime::Session& session() const { return session_; }

 private:
  runtime::Session session_;
  int64_t batch_;
  std::vector<float> input_, output_;
};

void print_line(const report::Json& json) {
  fmt::print("{}\n", json.dump());
  std::fflush(stdout);
}

/// Says what it is, then reads a number from each line of standard input, runs so many batches, and answers
/// with a line of their times, by the clock and of the processor: another program takes turns with us, and
/// both stay warm.
void serve(Runner& runner, const report::Json& about) {
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
kernels::Limits limits_for(const Options& options) {
  Threads threads(options.common.threads);
  const auto count = static_cast<size_t>(threads.count());
  std::vector<kernels::Limits> each(count);
  threads.each(count, [&](size_t i) { each[i] = kernels::measure_limits(); });
  if (std::cmp_greater_equal(options.batch, count)) return each[0];
  kernels::Limits all;
  for (const kernels::Limits& one : each) all += one;
  return all;
}

void explain(const Options& options, const Graph& graph, const Output& output, report::Json& json) {
  Runner timed(graph, options, true);
  timed.run_many({.batch = options.batch, .repeat = 20, .seconds = 3}, {});
  const kernels::Limits limits = limits_for(options);
  const std::vector<StepRow> rows = explained(graph, timed.session().explain(), options.batch, limits);
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
      "{}: {} bytes, {} threads, {}, batch {}\n"
      "loaded in {:.1f} ms, first answer after {:.1f} ms, at most {} of memory\n"
      "latency min {:.3f}  median {:.3f}  p90 {:.3f}  p99 {:.3f} ms  ({} runs after {} to warm up)\n"
      "{:.1f} images/s\n",
      json["model"].get<std::string>(), report::grouped(whole("bytes")), whole("threads"),
      json["cpu"].get<std::string>(), whole("batch"), number("ms_load"), number("ms_first"),
      report::bytes_text(number("bytes_peak")), number("ms_min"), number("ms_median"), number("ms_p90"),
      number("ms_p99"), whole("runs"), whole("warmup"), number("images_per_second"));
}

void run(const Options& options) {
  const Output output(options.common);
  const Log log = terminal_log();
  const auto start = std::chrono::steady_clock::now();
  const LoadedModel model = load_model_argument(options.model, options.common.seed, options.about);
  Runner runner(model.graph, options, false);
  const double load = milliseconds_since(start), first = load + runner.run();
  const report::Json about{{"cpu", kernels::cpu_level()},
                           {"threads", Threads(options.common.threads).count()},
                           {"batch", options.batch},
                           {"ms_load", load},
                           {"ms_first", first}};
  if (options.serve) return serve(runner, about);
  const int warmup = runner.warm_up();
  const Latency latency = latency_of(runner.run_many(options, log));
  const int64_t peak = peak_memory();
  report::Json json = report::describe(model.graph, model.name, model.is_file ? &model.ledger : nullptr);
  json.update(about);
  json["warmup"] = warmup;
  json["bytes_peak"] = peak;
  add_latency(json, latency, options.batch);
  output.text(summary(json));
  if (options.explain) explain(options, model.graph, output, json);
  output.finish(json);
}

}  // namespace

void add_bench(CLI::App& verb) {
  const auto options = std::make_shared<Options>();
  options->common.add_to(verb);
  options->about.add_to(verb);
  verb.add_option("MODEL", options->model, "a .nsk or .onnx file, or the name of an architecture")
      ->required();
  verb.add_option("-b,--batch", options->batch, "images computed at once")
      ->capture_default_str()
      ->check(CLI::Range(1, 4096));
  verb.add_option("--repeat", options->repeat, "stop after this many runs")
      ->check(CLI::Range(1, 1'000'000'000));
  verb.add_option("--seconds", options->seconds, "stop after this time; 3 if neither is given")
      ->check(CLI::PositiveNumber);
  verb.add_option("--input-raw", options->input_raw,
                  "instead of noise: one input as the network takes it, float32 little-endian, NCHW");
  CLI::Option* explain =
      verb.add_flag("--explain", options->explain,
                    "for every layer: its kernel, its time, and how near that is to what the machine can do");
  verb.add_flag("--serve", options->serve,
                "for each line read, a number, run so often and print the times as a line of JSON")
      ->excludes(explain);
  verb.callback([options] { run(*options); });
}

}  // namespace netsuke::cli
