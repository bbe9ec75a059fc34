// Reading the flags of an architecture, with errors that say what is accepted.
#pragma once

#include <algorithm>
#include <array>
#include <span>
#include <string_view>

#include "zoo/zoo.h"

namespace netsuke::zoo {

/// The text of the flag `name` as a whole number in [low, high]; throws Error(usage) for anything else.
int integer_in(std::string_view text, std::string_view name, int low, int high);

/// The flag as a number in [low, high]; throws Error(usage) for anything else.
double number_flag(const Options& options, std::string_view name, double low, double high);

/// The flag as a whole number in [low, high]; throws Error(usage) for anything else.
int integer_flag(const Options& options, std::string_view name, int low, int high);

/// The position of the flag's value among `choices`; throws Error(usage) that lists them.
size_t choice_flag(const Options& options, std::string_view name, std::span<const std::string_view> choices);

/// The flag as yes or no.
bool switch_flag(const Options& options, std::string_view name);

/// The flags, and one more.
template <size_t count>
constexpr std::array<Flag, count + 1> flags_and(const Flag (&flags)[count], const Flag& more) {
  std::array<Flag, count + 1> all;
  std::copy(flags, flags + count, all.begin());
  all.back() = more;
  return all;
}

}  // namespace netsuke::zoo
