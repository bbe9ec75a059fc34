// What all verbs share: flags, output, and how a MODEL or DATA argument becomes something to work with.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/log.h"
#include "cli/flags.h"
#include "cli/model_flags.h"
#include "data/dataset.h"
#include "graph/graph.h"
#include "model/write.h"
#include "onnx/export.h"
#include "report/json.h"

namespace netsuke::cli {

/// Flags that every verb takes.
struct Common {
  uint64_t seed = 1;
  int threads = 0;
  bool json = false;
  std::string json_file;
  bool force = false;

  void add_to(Flags& verb);
};

/// Results to standard output: text for people, or with --json one object for programs.
class Output {
 public:
  /// Refuses a --json-file that is there and is no JSON: see refuse_foreign().
  explicit Output(const Common& common);
  void text(std::string_view text) const;
  /// False with --json: text that costs something to make need not be made.
  bool is_text() const { return !json_; }
  /// Called once, at the end: prints the object with --json, and writes it with --json-file.
  void finish(const report::Json& json) const;

 private:
  bool json_, force_;
  std::string json_file_;
};

/// Throws Error(usage) where `path` is a file that does not begin with this character, as all of its kind do,
/// unless `force` is given: a report may take the place of an older one, not of a model.
void refuse_foreign(const std::string& path, char first, std::string_view kind, bool force);

/// Progress and lines on standard error; its stop flag is set by Ctrl-C (a second Ctrl-C ends at once).
Log terminal_log();

/// What a network's outputs are: what its last node says, behind what only changes shapes.
enum class Scores { logits, probabilities, log_probabilities };
Scores scores_of(const Graph& graph);

/// Accuracy measured by the runtime, in per cent.
struct Accuracy {
  int64_t images = 0;   ///< judged
  int64_t damaged = 0;  ///< passed over
  double top1 = 0;
  double top5 = 0;
  double loss = 0;  ///< mean of -log p(right class), nats
  double seconds = 0;
  double error() const { return 100 - top1; }
};
/// Throws Error(input) where images or labels do not fit the model.
Accuracy measure_accuracy(const Graph& graph, const Dataset& data, int threads, const Log& log);
/// Of several networks that answer together: by the mean of their probabilities. There must be one at least.
Accuracy measure_ensemble(std::span<const Graph> graphs, const Dataset& data, int threads, const Log& log);

/// Images that nobody has labelled, labelled by what the network answers: then the accuracy of another
/// network on them is its agreement with this one.
DatasetPtr labelled_by(const Graph& graph, DatasetPtr data, int threads, const Log& log);

/// Times of many runs, milliseconds.
struct Latency {
  size_t runs = 0;
  double ms_min = 0, ms_median = 0, ms_p90 = 0, ms_p99 = 0;
};
/// Of at least one time, in any order. A percentile is a time that was measured: that many per cent are
/// shorter.
Latency latency_of(std::vector<double> times);
/// Of one image at batch 1.
Latency measure_latency(const Graph& graph, int threads, int runs = 50);

/// A file of exactly `count` floats, little-endian. Throws Error(input) if it has more or fewer.
std::vector<float> read_floats(const std::string& path, size_t count);

/// What the written bytes say, which are those on the disk: every figure printed is of this.
struct WrittenFile {
  Graph graph;
  Ledger ledger;  ///< of an ONNX file only its size
};
/// Writes a .nsk or an .onnx file, as the path ends; `onnx` is for the latter.
WrittenFile write_and_reread(const Graph& graph, const WriteOptions& options, const std::string& path,
                             const onnx::ExportOptions& onnx = {});
/// To be called before the work whose result goes there: throws Error(unsupported) for a path that ends in
/// neither, else as check_writable does.
void check_model_path(const std::string& path, bool force);
/// Where its bytes are, as every verb that writes a .nsk file shows, beside what general compressors make of
/// the floats of `dense`.
void print_ledger(const Output& output, const WrittenFile& written, const Graph& dense);

// The verbs: each adds its flags and sets what runs when it is called.
void add_bench(Flags& verb);
void add_compress(Flags& verb);
void add_convert(Flags& verb);
void add_data(Flags& verb);
void add_distill(Flags& verb);
void add_eval(Flags& verb);
void add_inspect(Flags& verb);
void add_run(Flags& verb);
void add_sensitivity(Flags& verb);
void add_train(Flags& verb);
void add_tune(Flags& verb);
void add_zoo(Flags& verb);

}  // namespace netsuke::cli
