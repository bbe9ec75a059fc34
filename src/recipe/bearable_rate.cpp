#include "recipe/bearable_rate.h"

#include <algorithm>
#include <cstdint>
#include <limits>

#include "base/error.h"
#include "base/rounded.h"
#include "base/text.h"

namespace netsuke::recipe {
namespace {

// Several epochs of few images would take as long as the retraining.
constexpr int64_t kMostSteps = 10, kLeastSteps = 4;
constexpr double kLower = 1.0 / 3;
constexpr int kMostTrials = 7;
constexpr double kShareOfTime = 1.0 / 20;  // of a retraining's minutes, for each trial
constexpr double kNothing = 1e-6;          // as a share of a rate: one that changes nothing
constexpr double kGain = 0.95;             // a better rate leaves at most this share of the loss

/// Mean loss of the first steps at a rate that stays; infinite where it leaves what numbers can hold.
double trial_loss(const Graph& graph, const std::vector<Graph>& teachers, train::Options options,
                  const Context& context) {
  const int64_t size = context.data->size(), count = std::min(kMostSteps * options.batch, size);
  std::vector<int64_t> spread;  // folders hold class after class
  for (int64_t i = 0; i < count; ++i) spread.push_back(i * size / count);
  const int64_t steps_an_epoch = (count - 1) / options.batch + 1;
  options.epochs = static_cast<int>((kLeastSteps - 1) / steps_an_epoch + 1);
  options.schedule = "constant";
  options.warmup_epochs = 0;
  if (options.minutes > 0) options.minutes = std::max(train::kNoTime, options.minutes * kShareOfTime);
  const DatasetPtr whole(DatasetPtr(), context.data);  // owned by whoever made the context
  const DatasetPtr images = subset(whole, std::move(spread), context.data->name());
  Log quiet = context.log;
  quiet.line = [](std::string_view) {};
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

}  // namespace

double bearable_rate(const Graph& graph, const std::vector<Graph>& teachers, const train::Options& options,
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

}  // namespace netsuke::recipe
