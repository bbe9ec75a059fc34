// A file's checksums put right, so that the fuzzer gets past them.
#pragma once

#include "base/error.h"
#include "model/format.h"

namespace netsuke {

/// `bytes` as they are where they are no file.
inline Bytes with_sound_checksums(Bytes bytes) {
  ByteReader file(bytes, "fuzz");
  try {
    file.take(model::kMagic.size() + 1);
    file.varint();
    for (uint64_t left = file.varint(); left > 0; --left) {
      const size_t start = file.at();
      file.u8();
      file.take(static_cast<size_t>(file.varint(file.remaining(), "length")));
      const uint32_t sum = model::checksum(ByteView(bytes).subspan(start, file.at() - start));
      const size_t at = file.at();
      file.take(4);
      for (size_t i = 0; i < 4; ++i) bytes[at + i] = static_cast<uint8_t>(sum >> (8 * i));
    }
  } catch (const Error&) {
  }
  return bytes;
}

}  // namespace netsuke
