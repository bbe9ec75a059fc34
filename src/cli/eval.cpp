#include <fmt/format.h>

#include "base/threads.h"
#include "cli/common.h"
#include "data/catalog.h"
#include "data/labels.h"
#include "data/relabel.h"
#include "graph/shapes.h"
#include "report/table.h"

namespace netsuke::cli {
namespace {

struct Options {
  Common common;
  ModelFlags about;
  std::string model, data;
  std::string part = "test";
};

void run(const Options& options) {
  const Output output(options.common);
  const Log log = terminal_log();
  const LoadedModel model = load_model_argument(options.model, options.common.seed, options.about);
  const DatasetPtr data =
      open_dataset(options.data, options.part == "train" ? Part::train : Part::test, wanted_by(model, log));
  if (const int64_t outputs = output_count(model.graph);
      std::cmp_not_equal(outputs, data->classes().size()) && !is_unlabelled(*data))
    log.line(cat(model.name, " tells ", outputs, " classes apart and ", data->name(), " has ",
                 data->classes().size(), ": they are taken in order; --class-folders gives another"));
  const Accuracy accuracy = measure_accuracy(model.graph, *data, options.common.threads, log);
  if (!is_unlabelled(*data))
    if (const std::string why = doubt(accuracy.top1, data->classes().size()); !why.empty())
      log.line(cat(model.name, " ", why));
  const Latency latency = measure_latency(model.graph, options.common.threads);
  report::Json json = report::describe(model.graph, model.name, model.is_file ? &model.ledger : nullptr);
  report::add_accuracy(json, accuracy.images, accuracy.top1, accuracy.top5);
  if (accuracy.damaged > 0) json["damaged"] = accuracy.damaged;
  json["data"] = data->name();
  json["seconds"] = accuracy.seconds;
  json["ms_median"] = latency.ms_median;
  json["ms_p90"] = latency.ms_p90;
  json["threads"] = Threads(options.common.threads).count();
  output.text(fmt::format("{} on {}: top-1 {:.2f} %, top-5 {:.2f} %, error {:.2f} % of {} images\n",
                          model.name, data->name(), accuracy.top1, accuracy.top5, accuracy.error(),
                          report::grouped(accuracy.images)));
  output.text(fmt::format(
      "{} bytes; {:.2f} s for all ({:.0f} images/s); one image alone {:.3f} ms median, {:.3f} ms p90\n",
      report::grouped(json["bytes"].get<int64_t>()), accuracy.seconds,
      static_cast<double>(accuracy.images) / accuracy.seconds, latency.ms_median, latency.ms_p90));
  output.finish(json);
}

}  // namespace

void add_eval(Flags& verb) {
  const auto options = std::make_shared<Options>();
  options->common.add_to(verb);
  options->about.add_to(verb);
  verb.option("MODEL", options->model, "a .nsk or .onnx file, or the name of an architecture").required();
  verb.option("--data", options->data, "a known data set (see `netsuke data`) or a folder").required();
  verb.option("--split", options->part, "test or train").show_default().one_of({"test", "train"});
  verb.run([options] { run(*options); });
}

}  // namespace netsuke::cli
