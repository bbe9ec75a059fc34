#include "report/table.h"

#include <cmath>

#include <fmt/format.h>

#include <algorithm>

namespace netsuke::report {

Table::Table(std::vector<std::string> titles) : titles_(std::move(titles)) {
  for (std::string& title : titles_) {
    left_.push_back(title.starts_with('<'));
    if (left_.back()) title.erase(0, 1);
  }
}

void Table::row(std::vector<std::string> cells) {
  cells.resize(titles_.size());
  rows_.push_back(std::move(cells));
}

void Table::rule() { rows_.emplace_back(); }

std::string Table::render() const {
  std::vector<size_t> widths;
  for (size_t c = 0; c < titles_.size(); ++c) {
    widths.push_back(titles_[c].size());
    for (const auto& row : rows_)
      if (!row.empty()) widths[c] = std::max(widths[c], row[c].size());
  }
  std::string out;
  const auto line = [&](const std::vector<std::string>& cells) {
    std::string text;
    for (size_t c = 0; c < cells.size(); ++c)
      text += left_[c] ? fmt::format("{:<{}}  ", cells[c], widths[c])
                       : fmt::format("{:>{}}  ", cells[c], widths[c]);
    text.erase(text.find_last_not_of(' ') + 1);
    out += text + '\n';
  };
  size_t across = 0;
  for (size_t width : widths) across += width + 2;
  line(titles_);
  out += std::string(across - 2, '-') + '\n';
  for (const auto& row : rows_) {
    if (row.empty())
      out += std::string(across - 2, '-') + '\n';
    else
      line(row);
  }
  return out;
}

std::string grouped(long long number) {
  std::string digits = std::to_string(number);
  for (auto at = static_cast<long>(digits.size()) - 3; at > (number < 0 ? 1 : 0); at -= 3)
    digits.insert(static_cast<size_t>(at), ",");
  return digits;
}

std::string bytes_text(double bytes) {
  if (bytes < 1000) return fmt::format("{:.0f} B", bytes);
  if (bytes < 1e6) return fmt::format("{:.1f} kB", bytes / 1e3);
  return fmt::format("{:.1f} MB", bytes / 1e6);
}

std::string duration_text(double seconds) {
  if (seconds < 60) return fmt::format("{:.1f} s", seconds);
  const auto whole = std::llround(seconds);
  if (whole < 3600) return fmt::format("{} m {:02} s", whole / 60, whole % 60);
  return fmt::format("{} h {:02} m", whole / 3600, whole / 60 % 60);
}

std::string rate_text(double a_second, std::string_view unit) {
  if (a_second > 0 && a_second < 1) return fmt::format("{:.1f} {}/min", 60 * a_second, unit);
  return fmt::format("{:.0f} {}/s", a_second, unit);
}

}  // namespace netsuke::report
