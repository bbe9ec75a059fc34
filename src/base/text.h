// Small text helpers for code that must not pull in a formatting library (the runtime).
#pragma once

#include <concepts>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace netsuke {

/// A part of a text: characters, or a number in its shortest form that reads back to the same value. Looks at
/// characters, does not keep them.
class Piece {
 public:
  Piece(std::string_view text) : kind_(Kind::text), text_(text) {}
  Piece(const std::string& text) : Piece(std::string_view(text)) {}
  Piece(const char* text) : Piece(std::string_view(text)) {}
  Piece(bool b) : Piece(b ? "true" : "false") {}
  Piece(char c) : kind_(Kind::character), character_(c) {}
  Piece(float number) : kind_(Kind::single_precision), single_(number) {}
  Piece(double number) : kind_(Kind::double_precision), double_(number) {}
  template <std::signed_integral Integer>
  Piece(Integer number) : kind_(Kind::signed_integer), signed_(number) {}
  template <std::unsigned_integral Integer>
  Piece(Integer number) : kind_(Kind::unsigned_integer), unsigned_(number) {}

  void append_to(std::string& out) const;

 private:
  enum class Kind {
    text,
    character,
    signed_integer,
    unsigned_integer,
    single_precision,
    double_precision
  } kind_;
  union {
    std::string_view text_;
    char character_;
    long long signed_;
    unsigned long long unsigned_;
    float single_;
    double double_;
  };
};

/// One after the other.
std::string join_pieces(std::initializer_list<Piece> pieces);

/// Joins its arguments into one string: `cat("found ", 3, " of ", name)`. Sentences are many, and most are of
/// errors: what is compiled for each is a list, not the joining.
template <class... Parts>
std::string cat(const Parts&... parts) {
  return join_pieces({Piece(parts)...});
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
