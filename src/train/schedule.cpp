#include "train/schedule.h"

#include <cmath>
#include <numbers>

#include "base/catalog.h"

namespace netsuke::train {
namespace {

constexpr Schedule kSchedules[] = {
    {"constant", [](double, double) { return 1.0; }},
    {"step", [](double progress, double) { return progress < 0.5    ? 1.0
                                                  : progress < 0.75 ? 0.1
                                                                    : 0.01; }},
    {"cosine", [](double progress, double) { return 0.5 * (1 + std::cos(std::numbers::pi * progress)); }},
    {"linear", [](double progress, double) { return 1 - progress; }},
    {"polynomial", [](double progress, double power) { return std::pow(1 - progress, power); }},
};

}  // namespace

std::span<const Schedule> schedules() { return kSchedules; }

double learning_rate(const Options& options, int64_t step, int64_t steps) {
  const Schedule& schedule = find_row(schedules(), options.schedule, "schedule");
  const auto at = static_cast<double>(step), total = static_cast<double>(steps);
  const double warmup = options.warmup_epochs * total / options.epochs;
  if (at < warmup) return options.learning_rate * (at + 1) / (warmup + 1);
  return options.learning_rate * schedule.factor((at - warmup) / (total - warmup), options.power);
}

}  // namespace netsuke::train
