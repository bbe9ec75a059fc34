#include <fmt/format.h>

#include "base/error.h"
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
    tune(model.graph, model.name, timings, log);
    save_timings(timings, path);
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

void add_tune(Flags& verb) {
  const auto options = std::make_shared<Options>();
  options->common.add_to(verb);
  options->about.add_to(verb);
  verb.option("MODEL", options->models,
              "models, or names of architectures, whose layers are measured; the times are kept in "
              "~/.cache/netsuke, or where NETSUKE_TIMINGS says (an empty one: nowhere)")
      .required();
  verb.flag("--again", options->again, "forget what was measured before");
  verb.run([options] { run(*options); });
}

}  // namespace netsuke::cli
