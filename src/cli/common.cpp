#include "cli/common.h"

#include <fmt/format.h>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <filesystem>

#include "base/bytes.h"
#include "base/file.h"
#include "onnx/import.h"
#include "report/ledger.h"
#include "report/progress.h"

namespace netsuke::cli {

void Common::add_to(Flags& verb) {
  verb.option("--seed", seed, "seed of everything random").show_default();
  verb.option("-t,--threads", threads, "threads; 0 takes one for each core").show_default().between(0, 1024);
  verb.flag("--json", json, "print one JSON object instead of text");
  verb.option("--json-file", json_file, "also write the JSON object to this file");
  verb.flag("--force", force, "overwrite files that exist");
}

void refuse_foreign(const std::string& path, char first, std::string_view kind, bool force) {
  std::error_code ignored;
  if (force || !std::filesystem::is_regular_file(path, ignored)) return;
  const Bytes start = file_start(path, 1);
  if (!start.empty() && start[0] != static_cast<uint8_t>(first))
    fail(ErrorCode::usage, path, ": exists already and is no ", kind, "; --force overwrites it");
}

Output::Output(const Common& common)
    : json_(common.json), force_(common.force), json_file_(common.json_file) {
  refuse_foreign(json_file_, '{', "JSON", force_);
  if (!json_file_.empty()) check_writable(json_file_, true);
}

void Output::text(std::string_view text) const {
  if (!json_) fmt::print("{}", text);
}

void Output::finish(const report::Json& json) const {
  const std::string text = report::text_of(json, 2) + "\n";
  if (json_) fmt::print("{}", text);
  // Again: it may be what was written meanwhile.
  refuse_foreign(json_file_, '{', "JSON", force_);
  if (!json_file_.empty()) write_file(json_file_, text);
  // A full disk or a closed pipe shows only here.
  if (std::fflush(stdout) != 0 || std::ferror(stdout))
    fail(ErrorCode::output, "standard output cannot be written");
}

namespace {

std::atomic<bool> stop_requested{false};

void on_interrupt(int) {
  if (stop_requested.exchange(true)) std::_Exit(1);
}

}  // namespace

Log terminal_log() {
  std::signal(SIGINT, on_interrupt);
  std::signal(SIGTERM, on_interrupt);
  const auto line = std::make_shared<report::ProgressLine>();
  Log log;
  log.line = [line](std::string_view text) { line->line(text); };
  log.progress = [line](const Progress& progress) { line->show(progress); };
  log.stop = &stop_requested;
  return log;
}

std::vector<float> read_floats(const std::string& path, size_t count) {
  const Bytes bytes = read_file(path);
  require(bytes.size() == 4 * count, path, ": has ", bytes.size(), " bytes, the network takes ", count,
          " floats of 4 bytes");
  ByteReader reader(bytes, path);
  std::vector<float> values(count);
  for (float& value : values) value = reader.f32();
  return values;
}

namespace {

bool is_onnx_path(const std::string& path) { return path.ends_with(".onnx"); }

}  // namespace

void check_model_path(const std::string& path, bool force) {
  if (!path.ends_with(".nsk") && !is_onnx_path(path))
    fail(ErrorCode::unsupported, path, ": models are written as .nsk or .onnx");
  check_writable(path, force);
}

WrittenFile write_and_reread(const Graph& graph, const WriteOptions& options, const std::string& path,
                             const onnx::ExportOptions& onnx) {
  WrittenFile written;
  if (is_onnx_path(path)) {
    const Bytes bytes = onnx::export_model(graph, onnx);
    write_file(path, bytes);
    written.graph = onnx::import_file(path, {.fold_batch_norm = false});
    written.ledger.file_bytes = static_cast<int64_t>(bytes.size());
    return written;
  }
  Written model = write_model(graph, options);
  write_file(path, model.bytes);
  if (read_file(path) != model.bytes)
    fail(ErrorCode::output, path, ": reads back otherwise than it was written");
  written.graph = std::move(model.graph);
  written.ledger = std::move(model.ledger);
  return written;
}

void print_ledger(const Output& output, const WrittenFile& written, const Graph& dense) {
  if (!output.is_text() || written.ledger.tensors.empty()) return;
  output.text(report::ledger_text(written.graph, written.ledger, report::baselines(dense)) + '\n');
}

}  // namespace netsuke::cli
