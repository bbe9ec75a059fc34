#include "cli/bench_run.h"

#include <sys/resource.h>

#include <utility>

#include "base/random.h"
#include "cli/timings.h"

namespace netsuke::cli {
namespace {

// Unless the user says how many or how long.
constexpr double kSeconds = 3;

/// The same image over and over: given, or noise of the seed.
std::vector<float> input_batch(const BenchOptions& options, size_t image) {
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

}  // namespace

double milliseconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
}

void refuse_if_stopped(const Log& log) {
  if (log.stopping()) fail(ErrorCode::interrupted, "bench: stopped before it was done");
}

int64_t peak_memory() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return int64_t{1024} * usage.ru_maxrss;  // Linux counts in KiB
}

BenchRunner::BenchRunner(const Graph& graph, const BenchOptions& options, bool timed, Residency residency)
    : session_(graph, {.threads = options.common.threads, .timed = timed}, plan_options(residency)),
      batch_(options.batch),
      input_(input_batch(options, session_.input_size())),
      output_(session_.output_size() * static_cast<size_t>(batch_)) {}

double BenchRunner::run() {
  const auto start = std::chrono::steady_clock::now();
  session_.run(input_, batch_, output_);
  return milliseconds_since(start);
}

std::vector<double> BenchRunner::run_many(const BenchOptions& options, const Log& log) {
  const auto start = std::chrono::steady_clock::now();
  const double most = options.seconds > 0 ? options.seconds : options.repeat > 0 ? 1e9 : kSeconds;
  std::vector<double> times;
  do {
    times.push_back(run());
    refuse_if_stopped(log);
  } while (std::cmp_not_equal(times.size(), options.repeat) && milliseconds_since(start) < 1e3 * most);
  return times;
}

int BenchRunner::warm_up(const Log& log) {
  const auto start = std::chrono::steady_clock::now();
  int runs = 0;
  // What takes long is warm after its first run.
  for (double spent = 0; spent < 200 || (runs < 3 && spent < 1000); ++runs) {
    run();
    refuse_if_stopped(log);
    spent = milliseconds_since(start);
  }
  return runs;
}

std::vector<runtime::StepReport> BenchRunner::typical_steps(const Log& log) {
  constexpr int kMostRuns = 100;
  warm_up(log);
  const auto start = std::chrono::steady_clock::now();
  std::vector<std::vector<double>> times(session_.plan().steps.size());
  std::vector<runtime::StepReport> steps;
  for (int runs = 0; runs < 1 || (runs < kMostRuns && milliseconds_since(start) < 1e3 * kSeconds); ++runs) {
    session_.forget_times();
    run();
    refuse_if_stopped(log);
    steps = session_.explain();
    for (size_t i = 0; i < steps.size(); ++i) times[i].push_back(steps[i].ms);
  }
  for (size_t i = 0; i < steps.size(); ++i) steps[i].ms = latency_of(std::move(times[i])).ms_median;
  return steps;
}

}  // namespace netsuke::cli
