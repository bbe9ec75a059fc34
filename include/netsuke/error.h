// The one exception type of netsuke: a code for programs, one sentence for people.
#pragma once

#include <netsuke/visibility.h>

#include <stdexcept>
#include <string>

namespace netsuke {

/// What kind of thing went wrong. Values are part of the C API and never reused.
enum class ErrorCode : int {
  usage = 1,        ///< a flag, name or argument that is not understood
  input = 2,        ///< a file, data set, recipe or model that is missing, damaged or contradicts itself
  unsupported = 3,  ///< well formed, but not something this version can do
  output = 4,       ///< a result could not be written
  budget = 5,       ///< the work was done but a stated budget was not met
  interrupted = 6,  ///< stopped on request; what was finished is kept
  internal = 7,     ///< a bug of ours
};

/// Thrown by every function that can fail. `what()` is one sentence that names the file, node or flag,
/// what was found, and what would have been accepted.
class NETSUKE_API Error : public std::runtime_error {
 public:
  Error(ErrorCode code, const std::string& sentence) : std::runtime_error(sentence), code_(code) {}
  ErrorCode code() const noexcept { return code_; }

 private:
  ErrorCode code_;
};

}  // namespace netsuke
