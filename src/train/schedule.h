// How the learning rate moves over a training run.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "train/train.h"

namespace netsuke::train {

struct Schedule {
  std::string_view name;
  /// The share of the learning rate at `progress`, which runs from 0 to 1 after the warm-up.
  double (*factor)(double progress, double power);
};

std::span<const Schedule> schedules();

/// The learning rate of step `step` (from 0) of a run of so many `steps`: a linear ramp over the share of
/// them that warm-up epochs are of all epochs, then the schedule of `options` by name. Throws Error(usage)
/// for a name that is not in schedules().
double learning_rate(const Options& options, int64_t step, int64_t steps);

}  // namespace netsuke::train
