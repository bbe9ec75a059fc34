// What a verb's command line may say.
#pragma once

#include <functional>
#include <initializer_list>
#include <string>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace netsuke::cli {

/// A flag or an argument, to say more about it. What a user gives wrong becomes an error that names it.
class Flag {
 public:
  explicit Flag(CLI::Option& option) : option_(&option) {}

  Flag required();
  Flag show_default();
  /// A whole number, or any, between these two.
  Flag between(int least, int most);
  Flag between(double least, double most);
  Flag not_negative();
  /// A finite number.
  Flag above_zero();
  Flag one_of(std::initializer_list<const char*> words);
  Flag one_of(std::initializer_list<int> numbers);
  /// Bytes, as in 500k: 1000 to a k, 1024 to a ki.
  Flag size();
  /// Its list is one word, cut at these.
  Flag separated_by(char separator);
  /// Takes one value each time it is given, however many it may be given.
  Flag one_at_a_time();
  Flag needs(Flag other);
  Flag excludes(Flag other);
  /// Its heading in the help.
  Flag under(const std::string& heading);

 private:
  CLI::Option* option_;
};

/// All flags and arguments of a verb. CLI11 does the work behind them: it is all headers, which take the
/// compiler some seconds in every file that includes them, so only flags.cpp and main.cpp do.
class Flags {
 public:
  explicit Flags(CLI::App& verb) : verb_(verb) {}

  /// `names` as in "-o,--output", or "MODEL" for an argument; its value goes to `to`, which must outlive the
  /// parsing. Of numbers, texts, lists and optional ones: flags.cpp has the list.
  template <class T>
  Flag option(const std::string& names, T& to, const std::string& help);
  /// Sets `to` where it is given.
  Flag flag(const std::string& names, bool& to, const std::string& help);
  /// Calls `then` where it is given.
  Flag flag(const std::string& names, std::function<void()> then, const std::string& help);
  /// What the verb does once all is read.
  void run(std::function<void()> verb);

 private:
  CLI::App& verb_;
};

}  // namespace netsuke::cli
