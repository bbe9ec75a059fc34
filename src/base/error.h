// How the code throws: `fail(ErrorCode::input, file, ": expected ...")`.
#pragma once

#include <netsuke/error.h>

#include "base/text.h"

namespace netsuke {

/// Throws Error with the pieces joined into its sentence.
[[noreturn]] void throw_error(ErrorCode code, std::initializer_list<Piece> sentence);

/// Throws Error with the parts joined into its sentence.
template <class... Parts>
[[noreturn]] void fail(ErrorCode code, const Parts&... parts) {
  throw_error(code, {Piece(parts)...});
}

/// Throws Error(input) with the parts as its sentence unless `ok`.
template <class... Parts>
void require(bool ok, const Parts&... parts) {
  if (!ok) fail(ErrorCode::input, parts...);
}

}  // namespace netsuke
