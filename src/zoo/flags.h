// Reading the flags of an architecture, with errors that say what is accepted.
#pragma once

#include <span>
#include <string_view>

#include "zoo/zoo.h"

namespace netsuke::zoo {

/// The flag as a number in [low, high]; throws Error(usage) for anything else.
double number_flag(const Options& options, std::string_view name, double low, double high);

/// The flag as a whole number in [low, high]; throws Error(usage) for anything else.
int integer_flag(const Options& options, std::string_view name, int low, int high);

/// The position of the flag's value among `choices`; throws Error(usage) that lists them.
size_t choice_flag(const Options& options, std::string_view name, std::span<const std::string_view> choices);

/// The flag as yes or no.
bool switch_flag(const Options& options, std::string_view name);

}  // namespace netsuke::zoo
