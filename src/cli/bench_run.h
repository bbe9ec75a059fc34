// Runs of one network, timed: what the verb `bench` is made of.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "cli/common.h"
#include "cli/model_flags.h"
#include "runtime/session.h"

namespace netsuke::cli {

struct BenchOptions {
  Common common;
  ModelFlags about;
  std::string model, input_raw, residency = "fastest";
  int64_t batch = 1;
  int64_t repeat = 0;  ///< 0: as many as the time allows
  double seconds = 0;  ///< 0: as long as the repeats take
  bool explain = false, serve = false;
};

double milliseconds_since(std::chrono::steady_clock::time_point start);

/// Throws Error(interrupted) after Ctrl-C: what was measured until then is no result.
void refuse_if_stopped(const Log& log);

/// The most memory that this process ever had, in bytes.
int64_t peak_memory();

/// A session with its input and output.
class BenchRunner {
 public:
  BenchRunner(const Graph& graph, const BenchOptions& options, bool timed, Residency residency);

  /// Milliseconds of one batch.
  double run();
  /// Until the options' repeats or seconds are over; at least once. Throws Error(interrupted) at Ctrl-C, as
  /// warm_up() does.
  std::vector<double> run_many(const BenchOptions& options, const Log& log);
  /// Brings caches and the processor's clock to where they stay: three runs or a second, a fifth of one at
  /// least.
  int warm_up(const Log& log);
  /// Of every step the median time of some runs after warm_up(): one that the system interrupts now and then
  /// must not look slow.
  std::vector<runtime::StepReport> typical_steps(const Log& log);
  const runtime::Session& session() const { return session_; }

 private:
  runtime::Session session_;
  int64_t batch_;
  std::vector<float> input_, output_;
};

}  // namespace netsuke::cli
