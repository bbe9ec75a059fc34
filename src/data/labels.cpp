#include "data/labels.h"

#include "base/error.h"
#include "base/file.h"

namespace netsuke {

std::vector<std::string> digit_names() { return {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"}; }

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
