// What each layer loses by itself: the picture to look at before choosing densities and bits by hand.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <numeric>

#include "base/file.h"
#include "cli/common.h"
#include "cli/training_flags.h"
#include "compress/curvature.h"
#include "compress/prune.h"
#include "compress/share.h"
#include "report/curves.h"
#include "report/table.h"
#include "train/train.h"

namespace netsuke::cli {
namespace {

constexpr double kDensities[] = {0.7, 0.5, 0.35, 0.2, 0.1, 0.05, 0.02};
constexpr int kBits[] = {6, 5, 4, 3, 2, 1};
constexpr int64_t kCurvatureImages = 1024;

struct Options {
  Common common;
  ModelFlags about;
  DataFlags data;
  std::string model, output, draw;
  int64_t images = 1000;
};

/// One layer changed in one way, and what it came to.
struct Reading {
  std::string layer;
  double density = 1;  ///< of a pruned layer
  int bits = 0;        ///< of a shared one, else 0
  double error = 0;    ///< per cent
  double loss = 0;     ///< nats
  double predicted_loss = 0;
};

report::Json json_of(const Reading& r) {
  report::Json json{{"layer", r.layer}};
  if (r.bits > 0)
    json["bits"] = r.bits;
  else
    json["density"] = r.density;
  json.update({{"error", r.error}, {"loss", r.loss}, {"predicted_loss", r.predicted_loss}});
  return json;
}

Reading reading_of(const report::Json& json) {
  return {json.at("layer"), json.value("density", 1.0), json.value("bits", 0), json.at("error"),
          json.at("loss"),  json.at("predicted_loss")};
}

Graph shared(const Graph& graph, const std::string& layer, int bits) {
  compress::ShareOptions options;
  options.bits.by_key.clear();
  options.bits.by_key[layer] = bits;
  options.start = compress::Initialisation::optimal;
  return compress::share(graph, options);
}

Graph pruned(const Graph& graph, const std::string& layer, double density) {
  return compress::prune_to_density(graph, {.all = {}, .by_key = {{layer, density}}});
}

/// Measures what is not known yet; a file of earlier readings of the same model and images is gone on from.
class Measurement {
 public:
  Measurement(const Options& options, const LoadedModel& model, const Dataset& training,
              const Dataset& images, const Log& log)
      : options_(options), model_(model), images_(images), log_(log) {
    about_ = {{"model", options.model},
              {"bytes", model.ledger.file_bytes},
              {"data", options.data.data},
              {"images", images.size()}};
    const Accuracy whole = measure(model.graph);
    about_["error"] = whole.error();
    about_["loss"] = whole.loss;
    restore();
    targets_ = compress::weight_targets(model.graph);
    if (readings_.size() < total())
      curvature_ = train::module().curvature(
          model.graph, training,
          {.images = kCurvatureImages, .seed = options.common.seed, .threads = options.common.threads}, log);
  }

  void run() {
    for (const compress::Target& target : targets_) {
      for (const double density : kDensities) take({.layer = target.name, .density = density}, target);
      for (const int bits : kBits) take({.layer = target.name, .bits = bits}, target);
    }
  }
  report::Json json() const {
    report::Json json = about_;
    json["readings"] = report::Json::array();
    for (const Reading& r : readings_) json["readings"].push_back(json_of(r));
    return json;
  }
  const std::vector<Reading>& readings() const { return readings_; }
  const std::vector<compress::Target>& targets() const { return targets_; }
  double error() const { return about_.at("error"); }
  double loss() const { return about_.at("loss"); }

 private:
  size_t total() const { return targets_.size() * (std::size(kDensities) + std::size(kBits)); }

  void take(Reading reading, const compress::Target& target) {
    const auto same = [&](const Reading& r) {
      return r.layer == reading.layer && r.bits == reading.bits && r.density == reading.density;
    };
    if (std::ranges::any_of(readings_, same)) return;
    const Graph& graph = model_.graph;
    const Graph changed = reading.bits > 0 ? shared(graph, target.name, reading.bits)
                                           : pruned(graph, target.name, reading.density);
    const Accuracy accuracy = measure(changed);
    reading.error = accuracy.error();
    reading.loss = accuracy.loss;
    reading.predicted_loss =
        loss() + compress::predicted_growth(*graph.values[target.value].weight,
                                            *changed.values[target.value].weight, curvature_[target.value]);
    readings_.push_back(reading);
    if (!options_.output.empty()) save();
    log_.progress({"sensitivity", readings_.size(), total(), "readings", target.name});
    if (log_.stopping())
      fail(ErrorCode::interrupted, "stopped; ",
           options_.output.empty() ? "with -o FILE the readings would have been kept"
                                   : cat("run it again to go on from ", options_.output));
  }

  Accuracy measure(const Graph& graph) const {
    Log quiet;
    quiet.stop = log_.stop;
    return measure_accuracy(graph, images_, options_.common.threads, quiet);
  }
  void save() const { write_file(options_.output, report::text_of(json(), 1) + "\n"); }
  void restore() {
    if (options_.output.empty() || options_.common.force || !std::filesystem::exists(options_.output)) return;
    const Bytes text = read_file(options_.output, 1 << 26);
    try {
      const report::Json json = report::Json::parse(text.begin(), text.end());
      for (const auto& [key, value] : about_.items())
        if (json.at(key) != value)
          fail(ErrorCode::usage, options_.output, ": has readings of another ", key, " (",
               json.at(key).dump(), ", now ", value.dump(), "); --force measures anew");
      for (const report::Json& reading : json.at("readings")) readings_.push_back(reading_of(reading));
    } catch (const report::Json::exception&) {
      fail(ErrorCode::input, options_.output, ": is no file of readings, or is damaged");
    }
  }

  const Options& options_;
  const LoadedModel& model_;
  const Dataset& images_;
  const Log& log_;
  report::Json about_;
  std::vector<compress::Target> targets_;
  compress::Curvature curvature_;
  std::vector<Reading> readings_;
};

/// Points lost, a row a layer.
std::string table(const Measurement& m, const Graph& graph) {
  std::vector<std::string> titles{"<layer", "weights"};
  for (const double density : kDensities) titles.push_back(fmt::format("{:.0f} %", 100 * density));
  for (const int bits : kBits) titles.push_back(fmt::format("{} bit", bits));
  report::Table table(titles);
  for (const compress::Target& target : m.targets()) {
    std::vector<std::string> row{target.name,
                                 report::grouped(weight_count(*graph.values[target.value].weight))};
    for (const Reading& r : m.readings())
      if (r.layer == target.name) row.push_back(fmt::format("{:.2f}", r.error - m.error()));
    table.row(row);
  }
  return table.render();
}

std::vector<report::Panel> panels(const Measurement& m, bool bits) {
  std::vector<report::Panel> panels;
  for (const compress::Target& target : m.targets()) {
    report::Panel panel{target.name, {{"measured", {}}, {"second-order estimate", {}}}};
    for (const Reading& r : m.readings()) {
      if (r.layer != target.name || (r.bits > 0) != bits) continue;
      const double x = bits ? static_cast<double>(r.bits) : r.density;
      panel.curves[0].points.push_back({x, r.loss - m.loss()});
      panel.curves[1].points.push_back({x, r.predicted_loss - m.loss()});
    }
    panels.push_back(panel);
  }
  return panels;
}

/// The two pictures that --draw asks for.
struct Drawings {
  explicit Drawings(const std::filesystem::path& path)
      : density(beside(path, "-density.svg")), bits(beside(path, "-bits.svg")) {}
  static std::string beside(const std::filesystem::path& path, const char* ending) {
    return (path.parent_path() / (path.stem().string() + ending)).string();
  }
  std::string density, bits;
};

void draw(const Measurement& m, const Drawings& drawings) {
  constexpr double kMostLoss = 0.5;
  const auto write = [&](const std::string& path, bool bits, const std::string& x_title) {
    write_file(path, std::string_view(report::curves_svg(
                         panels(m, bits), x_title, "nats of loss that one layer by itself adds", kMostLoss)));
  };
  write(drawings.density, false, "the density that it is pruned to, without retraining");
  write(drawings.bits, true, "the bits that it is shared at");
}

void run(const Options& options) {
  const Output output(options.common);
  const Log log = terminal_log();
  const Drawings drawings(options.draw);
  if (!options.draw.empty())
    for (const std::string& path : {drawings.density, drawings.bits}) {
      refuse_foreign(path, '<', "SVG", options.common.force);
      check_writable(path, true);
    }
  if (!options.output.empty()) check_writable(options.output, true);
  const LoadedModel model = load_model_argument(options.model, options.common.seed, options.about);
  const Split data = options.data.open(wanted_by(model, log));
  const DatasetPtr& pool = data.validation->size() > 0 ? data.validation : data.train;
  std::vector<int64_t> indices(static_cast<size_t>(std::min(options.images, pool->size())));
  std::iota(indices.begin(), indices.end(), int64_t{0});
  const DatasetPtr images = subset(pool, std::move(indices), pool->name());
  Measurement measurement(options, model, *data.train, *images, log);
  measurement.run();
  if (!options.draw.empty()) draw(measurement, drawings);
  output.text(table(measurement, model.graph));
  output.text(fmt::format(
      "points of top-1 that a layer by itself costs, pruned by magnitude to this density or shared at these "
      "bits, not retrained;\n{:.2f} % error before, {} images of {}: one image is {:.2f} points\n",
      measurement.error(), report::grouped(images->size()), images->name(),
      100 / static_cast<double>(images->size())));
  output.finish(measurement.json());
}

}  // namespace

void add_sensitivity(Flags& verb) {
  const auto options = std::make_shared<Options>();
  options->common.add_to(verb);
  options->about.add_to(verb);
  verb.option("MODEL", options->model,
              "the trained model: a .nsk or .onnx file, or the name of an architecture")
      .required();
  options->data.add_to(verb);
  verb.option("--images", options->images, "held-out images to measure on").show_default().above_zero();
  verb.option("-o,--output", options->output,
              "keep the readings in this JSON file, and go on from those that it has");
  verb.option("--draw", options->draw, "draw them: NAME.svg gives NAME-density.svg and NAME-bits.svg");
  verb.run([options] { run(*options); });
}

}  // namespace netsuke::cli
