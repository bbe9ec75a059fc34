// How the code throws: `fail(ErrorCode::input, file, ": expected ...")`.
#pragma once

#include <netsuke/error.h>

#include "base/text.h"

namespace netsuke {

/// Throws Error with the parts joined into its sentence.
template <class... Parts>
[[noreturn]] void fail(ErrorCode code, const Parts&... parts) {
  throw Error(code, cat(parts...));
}

/// Throws Error(input) with the parts as its sentence unless `ok`.
template <class... Parts>
void require(bool ok, const Parts&... parts) {
  if (!ok) fail(ErrorCode::input, parts...);
}

}  // namespace netsuke
