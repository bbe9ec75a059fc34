// Looking at folders without exceptions of the standard library.
#pragma once

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "base/error.h"

namespace netsuke {

/// False also for what may not be looked at.
inline bool exists(const std::string& path) {
  std::error_code ignored;
  return std::filesystem::exists(path, ignored);
}
inline bool is_folder(const std::string& path) {
  std::error_code ignored;
  return std::filesystem::is_directory(path, ignored);
}

/// Names in a folder, sorted, hidden ones left out. Throws Error(input) naming the folder if it cannot be
/// listed.
inline std::vector<std::string> names_in(const std::string& folder) {
  std::error_code error;
  std::vector<std::string> names;
  for (std::filesystem::directory_iterator it(folder, error), end; !error && it != end; it.increment(error))
    if (std::string name = it->path().filename().string(); !name.starts_with('.'))
      names.push_back(std::move(name));
  require(!error, folder, ": cannot be listed (", error.message(), ")");
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace netsuke
