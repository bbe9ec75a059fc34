// Small tables for people: columns as wide as they need, numbers to the right.
#pragma once

#include <string>
#include <vector>

namespace netsuke::report {

class Table {
 public:
  /// Titles in order; one that starts with '<' is aligned to the left (without the sign).
  explicit Table(std::vector<std::string> titles);
  /// One cell a title.
  void row(std::vector<std::string> cells);
  /// A line across, as before the totals.
  void rule();
  std::string render() const;

 private:
  std::vector<std::string> titles_;
  std::vector<bool> left_;
  std::vector<std::vector<std::string>> rows_;  ///< an empty row is a rule
};

/// "1,724,320"
std::string grouped(long long number);
/// Decimal units as everywhere in netsuke: "312 B", "28.7 kB", "553.4 MB".
std::string bytes_text(double bytes);
/// "1 m 23 s", "4.2 s", "2 h 05 m"
std::string duration_text(double seconds);
/// "5613 images/s"; what takes longer than a second each is counted by the minute: "1.5 layers/min".
std::string rate_text(double a_second, std::string_view unit);

}  // namespace netsuke::report
