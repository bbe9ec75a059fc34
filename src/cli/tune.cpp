#include "runtime/tune.h"

#include <fmt/format.h>

#include <filesystem>

#include "base/error.h"
#include "base/file.h"
#include "cli/common.h"
#include "cli/timings.h"
#include "kernels/cpu.h"

namespace netsuke::cli {
namespace {

struct Options {
  Common common;
  ModelFlags about;
  std::vector<std::string> models;
  bool again = false;
};

void save(const runtime::Timings& timings, const std::string& path) {
  const std::string folder = std::filesystem::path(path).parent_path();
  std::error_code problem;
  if (!folder.empty()) std::filesystem::create_directories(folder, problem);
  if (problem) fail(ErrorCode::output, folder, ": cannot make this folder: ", problem.message());
  write_file(path, timings.to_text());
}

void run(const Options& options) {
  const Output output(options.common);
  const Log log = terminal_log();
  const std::string path = timings_path();
  if (path.empty())
    fail(ErrorCode::usage, "tune: no place for timings: set NETSUKE_TIMINGS to a file, or HOME");
  const std::shared_ptr<const runtime::Timings> known = options.again ? nullptr : known_timings();
  runtime::Timings timings = known ? *known : runtime::Timings();
  const size_t before = timings.size();
  for (const std::string& name : options.models) {
    const LoadedModel model = load_model_argument(name, options.common.seed, options.about);
    runtime::tune(model.graph, timings, [&](size_t done, size_t all) {
      log.progress({.job = "tune " + model.name, .done = done, .total = all, .unit = "layers", .note = {}});
      return !log.stopping();
    });
    save(timings, path);
  }
  output.text(fmt::format("{}: {} shapes known on {}, {} of them new\n", path, timings.size(),
                          kernels::cpu_level(), timings.size() - before));
  output.finish({{"file", path},
                 {"cpu", kernels::cpu_level()},
                 {"shapes", timings.size()},
                 {"new", timings.size() - before}});
  if (log.stopping()) fail(ErrorCode::interrupted, "tune: stopped; what was measured is kept in ", path);
}

}  // namespace

void add_tune(CLI::App& verb) {
  const auto options = std::make_shared<Options>();
  options->common.add_to(verb);
  options->about.add_to(verb);
  verb.add_option("MODEL", options->models,
                  "models, or names of architectures, whose layers are measured; the times are kept in "
                  "~/.cache/netsuke, or where NETSUKE_TIMINGS says (an empty one: nowhere)")
      ->required();
  verb.add_flag("--again", options->again, "forget what was measured before");
  verb.callback([options] { run(*options); });
}

}  // namespace netsuke::cli
