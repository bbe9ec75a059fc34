#include "recipe/retrain.h"

#include <algorithm>
#include <filesystem>
#include <limits>
#include <numeric>
#include <optional>
#include <utility>

#include "base/error.h"
#include "base/rounded.h"
#include "base/text.h"

namespace netsuke::recipe {
namespace {

constexpr double kNoise = 0.5;  ///< points of error that one retraining differs from the next by

// Trying rates where the model does not say its own.
constexpr double kAssumedRate = 0.01;
constexpr int64_t kMostSteps = 10,
                  kLeastSteps = 4;  ///< several epochs of few images are as long as the retraining
constexpr double kLower = 1.0 / 3;
constexpr double kNothing = 1e-6;  ///< a rate that changes nothing, as a share
constexpr int kMostTrials = 7;
constexpr double kGain =
    0.95;  ///< a lower rate must leave at most this share of the loss to be the better one

/// The rate the model was trained with, which our own training records in the metadata.
std::optional<double> recorded_rate(const Graph& original) {
  const auto recorded = original.metadata.find("train.learning_rate");
  if (recorded == original.metadata.end()) return {};
  return parse_number(recorded->second, "metadata train.learning_rate");
}

/// Mean loss of the first steps at a rate that stays; infinite where it leaves what numbers can hold.
double trial_loss(const Graph& graph, const std::vector<Graph>& teachers, train::Options options,
                  const Context& context) {
  const int64_t steps_an_epoch = (context.data->size() - 1) / options.batch + 1;
  std::vector<int64_t> first(static_cast<size_t>(std::min(kMostSteps * options.batch, context.data->size())));
  std::iota(first.begin(), first.end(), 0);
  options.epochs = static_cast<int>((kLeastSteps - 1) / steps_an_epoch + 1);
  options.schedule = "constant";
  options.warmup_epochs = 0;
  const DatasetPtr whole(DatasetPtr(), context.data);  // owned by whoever made the context
  const DatasetPtr images = subset(whole, std::move(first), context.data->name());
  Log quiet;
  quiet.stop = context.log.stop;
  try {
    const train::Result result = train::module().train(graph, *images, nullptr, teachers, options, quiet);
    double sum = 0;
    for (const train::Epoch& epoch : result.epochs) sum += epoch.loss;
    return sum / static_cast<double>(result.epochs.size());
  } catch (const Error& error) {
    if (error.code() != ErrorCode::usage) throw;
    return std::numeric_limits<double>::infinity();  // "the learning rate is too high"
  }
}

/// The highest of `options.learning_rate`, a third of it, a ninth ... that does no harm and that a third of
/// itself is no better than. An imported network may have no batch norms and pixels of 0 to 255: SqueezeNet
/// forgets all at 0.005.
double tried_rate(const Graph& graph, const std::vector<Graph>& teachers, const train::Options& options,
                  const Context& context) {
  const auto loss_at = [&](double rate) {
    train::Options trial = options;
    trial.learning_rate = rate;
    return trial_loss(graph, teachers, trial, context);
  };
  const double highest = options.learning_rate;
  const double unmoved = loss_at(highest * kNothing), first = loss_at(highest);
  double rate = highest, loss = first;
  for (int trial = 0; trial < kMostTrials; ++trial) {
    const double lower = loss_at(rate * kLower);
    const bool harms = loss > unmoved / kGain;
    if (!harms && lower > kGain * loss) break;
    rate *= kLower, loss = lower;
  }
  if (rate < highest)
    context.log.line(cat("retraining at ", rounded(rate, 6), ", not at ", highest,
                         ": the loss of the first steps is ", rounded(loss, 3), " and not ",
                         rounded(first, 3)));
  return rate;
}

}  // namespace

Graph retrain(const Retrain& retrain, const Graph& graph, const Graph& original, const Context& context) {
  train::Options options = retrain.options;
  options.seed = context.seed;
  options.threads = context.threads;
  std::vector<Graph> teachers;
  if (retrain.teacher_is_original) teachers.push_back(original);
  const std::optional<double> recorded = recorded_rate(original);
  options.learning_rate = retrain.learning_rate.value_or(retrain.rate * recorded.value_or(kAssumedRate));
  if (!retrain.learning_rate && !recorded)
    options.learning_rate = tried_rate(graph, teachers, options, context);
  const std::string folder = context.work_folder.empty() ? "" : context.work_folder + "/";
  const auto checkpoint = [&](const char* name) { return folder.empty() ? "" : folder + name; };
  const auto trained = [&](const std::string& path) {
    options.checkpoint = path;
    options.resume = context.resume && std::filesystem::exists(path);
    Graph result =
        train::module().train(graph, *context.data, context.validation, teachers, options, context.log).graph;
    if (!path.empty()) std::filesystem::remove(path);
    return result;
  };
  const std::string first = checkpoint("retrain.checkpoint"),
                    slower = checkpoint("retrain-slower.checkpoint");
  if (!context.validation_error) return trained(first);
  const double before = context.validation_error(graph);
  const auto harmless = [&](const std::string& path) -> std::optional<Graph> {
    Graph result = trained(path);
    const double after = context.validation_error(result);
    if (after <= before + kNoise) return result;
    context.log.line(cat("retraining at ", options.learning_rate, " is undone: ", rounded(before, 2),
                         " % of the validation images were wrong before it, ", rounded(after, 2),
                         " % after"));
    return {};
  };
  std::optional<Graph> result;
  if (!(context.resume && std::filesystem::exists(slower))) result = harmless(first);
  if (result) return std::move(*result);
  options.learning_rate /= 10;
  return harmless(slower).value_or(graph);
}

}  // namespace netsuke::recipe
