// How a layer's weights are distributed, drawn in the terminal.
#pragma once

#include <span>
#include <string>

#include "report/json.h"

namespace netsuke::report {

/// Counts over equal steps between the smallest and the largest value, as bars; zeros, which pruning leaves,
/// are counted apart, as they would hide all others.
std::string histogram_text(const std::string& name, std::span<const float> values, size_t bins = 33);

/// {"zeros", "min", "max", "mean", "stdev", "counts"}: the same as numbers.
Json histogram_json(std::span<const float> values, size_t bins = 33);

}  // namespace netsuke::report
