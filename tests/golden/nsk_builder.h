// .nsk files put together by hand, with sound checksums around whatever payload.
#pragma once

#include "base/bytes.h"
#include "model/format.h"
#include "model/sections.h"

namespace netsuke::golden {

struct RawSection {
  uint8_t kind = 0;
  Bytes payload;
};

inline Bytes file_of(const std::vector<RawSection>& sections) {
  ByteWriter file;
  for (char c : model::kMagic) file.u8(static_cast<uint8_t>(c));
  file.u8(model::kVersion);
  file.varint(0);
  file.varint(sections.size());
  for (const RawSection& section : sections) {
    ByteWriter whole;
    whole.u8(section.kind);
    whole.varint(section.payload.size());
    whole.raw(section.payload);
    file.raw(whole.bytes());
    file.u32(model::checksum(whole.bytes()));
  }
  return file.take();
}

inline Bytes graph_payload(ByteView file) {
  const ByteView graph = model::split_sections(file, "test").graph;
  return {graph.begin(), graph.end()};
}

/// A weights section of one record.
inline Bytes section_of_record(const Bytes& record) {
  ByteWriter section;
  section.varint(record.size());
  section.raw(record);
  return section.take();
}

}  // namespace netsuke::golden
