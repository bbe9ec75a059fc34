// Reading gzip without trusting it.
#pragma once

#include <string_view>

#include "base/bytes.h"

namespace netsuke {

/// True for bytes that begin as gzip does.
bool is_gzip(ByteView bytes);

/// The first `at_most` bytes that `bytes` decompress to, or all if there are fewer; memory grows with what
/// really comes out, never with what a header claims. The checksum is verified when the end is reached.
/// Throws Error(input) naming `what` for damaged or truncated streams and for bytes behind the end.
Bytes gunzip(ByteView bytes, size_t at_most, std::string_view what);

}  // namespace netsuke
