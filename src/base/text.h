// Small text helpers for code that must not pull in a formatting library (the runtime).
#pragma once

#include <charconv>
#include <concepts>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace netsuke {

inline void append(std::string& out, std::string_view text) { out += text; }
inline void append(std::string& out, const char* text) { out += text; }
inline void append(std::string& out, const std::string& text) { out += text; }
inline void append(std::string& out, char c) { out += c; }
inline void append(std::string& out, bool b) { out += b ? "true" : "false"; }

/// Numbers in their shortest form that reads back to the same value.
template <class Number>
requires(std::integral<Number> || std::floating_point<Number>) void append(std::string& out, Number number) {
  char buffer[32];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, number).ptr;
  out.append(buffer, end);
}

/// Joins its arguments into one string: `cat("found ", 3, " of ", name)`.
template <class... Parts>
std::string cat(const Parts&... parts) {
  std::string out;
  (append(out, parts), ...);
  return out;
}

/// `a, b, c`: the items with `separator` between them.
std::string join(std::span<const std::string> items, std::string_view separator = ", ");

/// The pieces of `text` between `separator`s; empty pieces are kept.
std::vector<std::string> split(std::string_view text, char separator);

/// `text` without white space at both ends.
std::string_view trim(std::string_view text);

/// What to ask "did you mean ...?" of a `word` that is none of `candidates`: the shortest that begins with
/// it, of two letters or more, else the nearest by edit distance, or empty when none is near.
std::string closest(std::string_view word, std::span<const std::string> candidates);

/// True if `text` matches `pattern`, in which `*` stands for any run of characters.
bool matches(std::string_view pattern, std::string_view text);

/// The whole of `text` as a number; throws Error(usage) naming `what` if it is not one.
long long parse_integer(std::string_view text, std::string_view what);
double parse_number(std::string_view text, std::string_view what);

}  // namespace netsuke
