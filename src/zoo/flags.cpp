#include "zoo/flags.h"

#include <algorithm>

#include "base/error.h"

namespace netsuke::zoo {
namespace {

const std::string& text_of(const Options& options, std::string_view name) {
  return options.flags.at(std::string(name));
}

}  // namespace

double number_flag(const Options& options, std::string_view name, double low, double high) {
  const double value = parse_number(text_of(options, name), name);
  if (!(value >= low && value <= high))
    fail(ErrorCode::usage, name, ": found ", value, ", expected a number from ", low, " to ", high);
  return value;
}

int integer_in(std::string_view text, std::string_view name, int low, int high) {
  const long long value = parse_integer(text, name);
  if (value < low || value > high)
    fail(ErrorCode::usage, name, ": found ", value, ", expected a whole number from ", low, " to ", high);
  return static_cast<int>(value);
}

int integer_flag(const Options& options, std::string_view name, int low, int high) {
  return integer_in(text_of(options, name), name, low, high);
}

size_t choice_flag(const Options& options, std::string_view name, std::span<const std::string_view> choices) {
  const std::string& text = text_of(options, name);
  const auto found = std::find(choices.begin(), choices.end(), text);
  if (found == choices.end())
    fail(ErrorCode::usage, name, ": found '", text, "', expected one of ",
         join(std::vector<std::string>(choices.begin(), choices.end())));
  return static_cast<size_t>(found - choices.begin());
}

bool switch_flag(const Options& options, std::string_view name) {
  static constexpr std::string_view choices[] = {"no", "yes"};
  return choice_flag(options, name, choices) == 1;
}

}  // namespace netsuke::zoo
