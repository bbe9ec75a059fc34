// Are the files of a known data set the ones that everybody else means by its name?
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace netsuke {

/// One file that is there, and what is known of it.
struct CheckedFile {
  std::string path;
  std::string expected;  ///< "sha256:..." or "md5:..."; empty where no sum is known
  std::string found;     ///< in the same form; empty where there is nothing to compare it with
  bool known() const { return !expected.empty(); }
  bool right() const { return known() && found == expected; }
};

/// Reads every file of the known set `name` that lies in `folder`, by any of its usual names. The sums of IDX
/// files are of their unpacked bytes, since they are passed around packed in many ways. Of CIFAR only the
/// archives have published sums. Throws Error(input) for what cannot be read or unpacked.
std::vector<CheckedFile> check_files(std::string_view name, const std::string& folder);

/// "sha256:" or "md5:" and lower-case hexadecimal digits.
std::string sha256(ByteView bytes);
std::string md5(ByteView bytes);

}  // namespace netsuke
