#include "recipe/retrain.h"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <utility>

#include "base/clock.h"
#include "base/file.h"
#include "base/rounded.h"
#include "base/text.h"
#include "recipe/bearable_rate.h"

namespace netsuke::recipe {
namespace {

constexpr double kNoise = 0.5;  ///< points of error that one retraining differs from the next by

constexpr double kAssumedRate = 0.01;  ///< of a model that does not say its own

constexpr const char *kCheckpoint = "retrain.checkpoint", *kSlowerCheckpoint = "retrain-slower.checkpoint",
                     *kRate = "retrain.rate";

/// The rate the model was trained with, which our own training records in the metadata.
std::optional<double> recorded_rate(const Graph& original) {
  const auto recorded = original.metadata.find("train.learning_rate");
  if (recorded == original.metadata.end()) return {};
  return parse_number(recorded->second, "metadata train.learning_rate");
}

/// One retraining; its files are in the context's work folder, and go when it is done and judged: a stop
/// while images are counted loses nothing.
class Retraining {
 public:
  Retraining(const Retrain& settings, const Graph& graph, const Graph& original, const Context& context)
      : minutes_(settings.options.minutes), graph_(graph), context_(context), options_(settings.options) {
    options_.seed = context.seed;
    options_.threads = context.threads;
    if (settings.teacher_is_original) teachers_.push_back(original);
    const std::optional<double> recorded = recorded_rate(original);
    options_.learning_rate = settings.learning_rate.value_or(settings.rate * recorded.value_or(kAssumedRate));
    if (!settings.learning_rate && !recorded) options_.learning_rate = tried_rate();
  }

  Graph run() {
    Graph result = judged();
    if (!context_.work_folder.empty())
      for (const char* name : {kCheckpoint, kSlowerCheckpoint, kRate}) std::filesystem::remove(file(name));
    return result;
  }

 private:
  /// bearable_rate(), which a resumed run finds where the interrupted one left it.
  double tried_rate() const {
    const std::string path = file(kRate);
    if (context_.resume && std::filesystem::exists(path)) {
      const Bytes text = read_file(path);
      return parse_number(std::string(text.begin(), text.end()), path);
    }
    const double rate = bearable_rate(graph_, teachers_, options_, context_);
    const std::string text = cat(rate);
    if (!path.empty()) write_file(path, Bytes(text.begin(), text.end()));
    return rate;
  }

  Graph judged() {
    const std::string first = file(kCheckpoint), slower = file(kSlowerCheckpoint);
    if (!context_.validation_error) return trained(first);
    const double before = context_.validation_error(graph_);
    std::optional<Graph> result;
    if (!(context_.resume && std::filesystem::exists(slower))) result = harmless(first, before);
    if (result) return std::move(*result);
    options_.learning_rate /= 10;
    return harmless(slower, before).value_or(graph_);
  }

  /// None where more of the validation images are wrong than before.
  std::optional<Graph> harmless(const std::string& path, double before) {
    Graph result = trained(path);
    const double after = context_.validation_error(result);
    if (after <= before + kNoise) return result;
    context_.log.line(cat("retraining at ", options_.learning_rate, " is undone: ", rounded(before, 2),
                          " % of the validation images were wrong before it, ", rounded(after, 2),
                          " % after"));
    return {};
  }

  Graph trained(const std::string& path) {
    options_.checkpoint = path;
    options_.resume = context_.resume && std::filesystem::exists(path);
    if (minutes_ > 0) options_.minutes = std::max(train::kNoTime, minutes_ - seconds_since(start_) / 60);
    return train::module()
        .train(graph_, *context_.data, context_.validation, teachers_, options_, context_.log)
        .graph;
  }

  /// Empty where nothing is kept.
  std::string file(const char* name) const {
    return context_.work_folder.empty() ? "" : context_.work_folder + "/" + name;
  }

  const Clock::time_point start_ = Clock::now();
  const double minutes_;
  const Graph& graph_;
  const Context& context_;
  train::Options options_;
  std::vector<Graph> teachers_;
};

}  // namespace

Graph retrain(const Retrain& retrain, const Graph& graph, const Graph& original, const Context& context) {
  return Retraining(retrain, graph, original, context).run();
}

}  // namespace netsuke::recipe
