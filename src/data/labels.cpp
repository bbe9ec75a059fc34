#include "data/labels.h"

#include "base/error.h"
#include "base/file.h"

namespace netsuke {

std::vector<std::string> number_names(int count) {
  std::vector<std::string> names;
  for (int i = 0; i < count; ++i) names.push_back(std::to_string(i));
  return names;
}

std::vector<std::string> read_labels(const std::string& path, size_t count) {
  constexpr uint64_t kMaxFileBytes = 1 << 24;
  const Bytes bytes = read_file(path, kMaxFileBytes);
  std::vector<std::string> names;
  for (const std::string& line : split({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, '\n'))
    if (const std::string_view name = trim(line); !name.empty()) names.emplace_back(name);
  require(!names.empty(), path, ": holds no class names");
  require(count == 0 || names.size() == count, path, ": holds ", names.size(), " class names, expected ",
          count);
  return names;
}

}  // namespace netsuke
