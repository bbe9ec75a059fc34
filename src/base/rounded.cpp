#include "base/rounded.h"

#include <charconv>
#include <limits>

namespace netsuke {

std::string rounded(double value, int decimals) {
  std::string text(std::numeric_limits<double>::max_exponent10 + 8 + static_cast<size_t>(decimals), '\0');
  const auto end =
      std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed, decimals).ptr;
  text.resize(static_cast<size_t>(end - text.data()));
  return text;
}

}  // namespace netsuke
