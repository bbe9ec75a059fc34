// One run at a time for one output.
#pragma once

#include <string>

namespace netsuke::cli {

/// Keeps other runs from an output, its checkpoint and its work folder for as long as it lives; a run that is
/// killed keeps nobody away. Throws Error(usage) where another run holds it. File systems that know no locks
/// are written to without.
class OutputLock {
 public:
  explicit OutputLock(const std::string& output);
  ~OutputLock();
  OutputLock(const OutputLock&) = delete;
  OutputLock& operator=(const OutputLock&) = delete;

 private:
  std::string path_;
  int descriptor_ = -1;
};

}  // namespace netsuke::cli
