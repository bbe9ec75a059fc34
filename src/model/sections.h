// The outer layer of a .nsk file: header, sections, checksums.
#pragma once

#include "model/format.h"

namespace netsuke::model {

/// Payloads of the sections; empty where a section is absent.
struct Sections {
  ByteView graph;
  ByteView weights;
  ByteView metadata;
  size_t checksum_bytes = 0;
};

/// Throws Error(input) naming `what` for anything but a whole file with sound checksums, Error(unsupported)
/// for a version, feature or required section from the future.
Sections split_sections(ByteView file, std::string_view what);

/// A block: a varint length, then a symbol stream of that many bytes (alphabet 256). It must fill `payload`.
Bytes read_block(ByteView payload, std::string_view what);

}  // namespace netsuke::model
