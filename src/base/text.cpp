#include "base/text.h"

#include <algorithm>
#include <charconv>
#include <numeric>

#include "base/error.h"

namespace netsuke {

void Piece::append_to(std::string& out) const {
  char buffer[32];
  const auto shortest = [&](auto number) {
    out.append(buffer, std::to_chars(buffer, buffer + sizeof buffer, number).ptr);
  };
  switch (kind_) {
    case Kind::text:
      out += text_;
      break;
    case Kind::character:
      out += character_;
      break;
    case Kind::signed_integer:
      shortest(signed_);
      break;
    case Kind::unsigned_integer:
      shortest(unsigned_);
      break;
    case Kind::single_precision:
      shortest(single_);
      break;
    case Kind::double_precision:
      shortest(double_);
      break;
  }
}

std::string join_pieces(std::initializer_list<Piece> pieces) {
  std::string out;
  for (const Piece& piece : pieces) piece.append_to(out);
  return out;
}

std::string join(std::span<const std::string> items, std::string_view separator) {
  std::string out;
  for (const std::string& item : items) {
    if (&item != items.data()) out += separator;
    out += item;
  }
  return out;
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> pieces;
  for (;;) {
    const size_t end = text.find(separator);
    pieces.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) return pieces;
    text.remove_prefix(end + 1);
  }
}

std::string_view trim(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

static size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 0; i < a.size(); ++i) {
    size_t diagonal = row[0]++;
    for (size_t j = 0; j < b.size(); ++j) {
      const size_t substitute = diagonal + (a[i] != b[j]);
      diagonal = row[j + 1];
      row[j + 1] = std::min({substitute, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

std::string closest(std::string_view word, std::span<const std::string> candidates) {
  std::string best;
  for (const std::string& candidate : candidates)
    if (word.size() >= 2 && candidate.starts_with(word) && (best.empty() || candidate.size() < best.size()))
      best = candidate;
  if (!best.empty()) return best;
  size_t best_distance = word.size() / 3 + 2;
  for (const std::string& candidate : candidates) {
    const size_t distance = edit_distance(word, candidate);
    if (distance < best_distance) best_distance = distance, best = candidate;
  }
  return best;
}

bool matches(std::string_view pattern, std::string_view text) {
  size_t p = 0, t = 0, star = std::string_view::npos, resume = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++, resume = t;
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p, ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1, t = ++resume;  // let the last star swallow one character more
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

template <class Number>
static Number parse(std::string_view text, std::string_view what, std::string_view kind) {
  Number value{};
  const char* end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, value);
  if (result.ec != std::errc{} || result.ptr != end || text.empty())
    fail(ErrorCode::usage, what, ": found '", text, "', expected ", kind);
  return value;
}

long long parse_integer(std::string_view text, std::string_view what) {
  return parse<long long>(text, what, "a whole number");
}

double parse_number(std::string_view text, std::string_view what) {
  return parse<double>(text, what, "a number");
}

}  // namespace netsuke
