// Where long work reports what it is doing. The library never prints: the tool passes functions that do.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace netsuke {

/// One reading of a long job: `done` of `total` steps; `unit` names them ("images"); `note` is free text
/// (loss, accuracy). The receiver works out rate and time left.
struct Progress {
  std::string_view job;
  uint64_t done = 0;
  uint64_t total = 0;
  std::string_view unit;
  std::string note;
};

struct Log {
  std::function<void(std::string_view)> line = [](std::string_view) {};
  std::function<void(const Progress&)> progress = [](const Progress&) {};
  /// Set (by Ctrl-C) when the work should stop at its next safe point; may be null.
  const std::atomic<bool>* stop = nullptr;

  bool stopping() const { return stop && stop->load(std::memory_order_relaxed); }
};

}  // namespace netsuke
