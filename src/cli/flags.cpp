#include "cli/flags.h"

#include <CLI/CLI.hpp>

#include <cmath>
#include <optional>
#include <vector>

#include "base/text.h"

namespace netsuke::cli {

Flag Flag::required() { return Flag(*option_->required()); }
Flag Flag::show_default() { return Flag(*option_->capture_default_str()); }
Flag Flag::between(int least, int most) { return Flag(*option_->check(CLI::Range(least, most))); }
Flag Flag::between(double least, double most) { return Flag(*option_->check(CLI::Range(least, most))); }
Flag Flag::not_negative() { return Flag(*option_->check(CLI::NonNegativeNumber)); }
Flag Flag::above_zero() {
  return Flag(*option_->check(
      [](const std::string& text) {
        double value = 0;
        const bool sound = CLI::detail::lexical_cast(text, value) && std::isfinite(value) && value > 0;
        return sound ? std::string() : cat("found '", text, "', expected a number above 0");
      },
      ""));
}
Flag Flag::one_of(std::initializer_list<const char*> words) {
  return Flag(*option_->check(CLI::IsMember(std::vector<std::string>(words.begin(), words.end()))));
}
Flag Flag::one_of(std::initializer_list<int> numbers) {
  return Flag(*option_->check(CLI::IsMember(std::vector<int>(numbers))));
}
Flag Flag::size() { return Flag(*option_->transform(CLI::AsSizeValue(true))); }
Flag Flag::separated_by(char separator) { return Flag(*option_->delimiter(separator)); }
Flag Flag::one_at_a_time() { return Flag(*option_->allow_extra_args(false)); }
Flag Flag::needs(Flag other) { return Flag(*option_->needs(other.option_)); }
Flag Flag::excludes(Flag other) { return Flag(*option_->excludes(other.option_)); }
Flag Flag::under(const std::string& heading) { return Flag(*option_->group(heading)); }

template <class T>
Flag Flags::option(const std::string& names, T& to, const std::string& help) {
  return Flag(*verb_.add_option(names, to, help));
}
template Flag Flags::option(const std::string&, std::string&, const std::string&);
template Flag Flags::option(const std::string&, std::vector<std::string>&, const std::string&);
template Flag Flags::option(const std::string&, std::optional<std::vector<std::string>>&, const std::string&);
template Flag Flags::option(const std::string&, int&, const std::string&);
template Flag Flags::option(const std::string&, int64_t&, const std::string&);
template Flag Flags::option(const std::string&, uint64_t&, const std::string&);
template Flag Flags::option(const std::string&, double&, const std::string&);
template Flag Flags::option(const std::string&, std::vector<int64_t>&, const std::string&);
template Flag Flags::option(const std::string&, std::optional<int64_t>&, const std::string&);
template Flag Flags::option(const std::string&, std::optional<double>&, const std::string&);

Flag Flags::flag(const std::string& names, bool& to, const std::string& help) {
  return Flag(*verb_.add_flag(names, to, help));
}
Flag Flags::flag(const std::string& names, std::function<void()> then, const std::string& help) {
  return Flag(*verb_.add_flag_callback(names, std::move(then), help));
}
void Flags::run(std::function<void()> verb) { verb_.callback(std::move(verb)); }

}  // namespace netsuke::cli
