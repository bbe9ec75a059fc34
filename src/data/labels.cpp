#include "data/labels.h"

#include <algorithm>

#include "base/error.h"
#include "base/file.h"
#include "base/rounded.h"

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

std::string doubt(double top1, size_t classes) {
  const double chance = 100.0 / static_cast<double>(classes);
  if (classes < 2 || top1 > std::min(3 * chance, chance + 5)) return "";
  return cat(
      "is right about ", rounded(top1, 2), " % of the images, as guesses among ", classes,
      " classes would be: is it told how it was trained to see them (--mean, --std, --scale, --order, "
      "--resize, "
      "or net.onnx.toml beside net.onnx with these), and which folder is which output (--class-folders)?");
}

}  // namespace netsuke
