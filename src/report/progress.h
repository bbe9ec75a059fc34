// How long work looks to the person who waits for it: a bar on a terminal, plain lines in a log.
#pragma once

#include <chrono>
#include <cstdio>
#include <string>

#include "base/log.h"

namespace netsuke::report {

/// Draws Progress readings on `stream` with rate and time left. On a terminal one line is redrawn; elsewhere
/// a line is printed at most every ten seconds.
class ProgressLine {
 public:
  explicit ProgressLine(std::FILE* stream = stderr);
  ~ProgressLine() { clear(); }
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  void show(const Progress& progress);
  /// Prints a line of its own, taking the bar out of its way.
  void line(std::string_view text);
  void clear();

 private:
  using Clock = std::chrono::steady_clock;
  std::FILE* stream_;
  bool terminal_;
  bool drawn_ = false;
  std::string job_;
  uint64_t first_done_ = 0;
  Clock::time_point start_;
  Clock::time_point last_;
};

}  // namespace netsuke::report
