#include "model/sections.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>

#include "codec/symbol_stream.h"

namespace netsuke::model {
namespace {

ByteView& slot(Sections& sections, SectionKind kind) {
  if (kind == SectionKind::graph) return sections.graph;
  return kind == SectionKind::weights ? sections.weights : sections.metadata;
}

bool known(uint8_t kind) { return kind >= 1 && kind <= 3; }

// Reads the header and returns the number of sections.
uint64_t read_header(ByteReader& file) {
  const std::string_view what = file.what();
  const ByteView magic = file.take(std::min(kMagic.size(), file.remaining()));
  require(std::equal(magic.begin(), magic.end(), kMagic.begin(), kMagic.end()), what, ": is not a .nsk file");
  const int version = file.u8();
  if (version != kVersion)
    fail(ErrorCode::unsupported, what, ": has format version ", version, ", this program reads version ",
         static_cast<int>(kVersion));
  const uint64_t features = file.varint();
  if ((features & ~kKnownFeatures) != 0)
    fail(ErrorCode::unsupported, what, ": needs features ", features, ", this program knows ",
         kKnownFeatures);
  return file.varint(kMostSections, "the number of sections");
}

}  // namespace

uint32_t checksum(ByteView bytes) { return XXH32(bytes.data(), bytes.size(), 0); }

Sections split_sections(ByteView bytes, std::string_view what) {
  Sections sections;
  ByteReader file(bytes, what);
  bool seen[4] = {};
  for (uint64_t left = read_header(file); left > 0; --left) {
    const size_t start = file.at();
    const uint8_t kind = file.u8();
    const uint64_t said = file.varint();
    require(said <= file.remaining(), what, ": is cut short: the section at byte ", start, " has ", said,
            " bytes, ", file.remaining(), " are left");
    const auto length = static_cast<size_t>(said);
    const ByteView payload = file.take(length);
    const uint32_t expected = checksum(bytes.subspan(start, file.at() - start));
    require(file.u32() == expected, what, ": the section at byte ", start,
            " is damaged: its checksum does not fit");
    sections.checksum_bytes += 4;
    if (known(kind)) {
      require(!seen[kind], what, ": has two sections of kind ", static_cast<int>(kind));
      seen[kind] = true;
      slot(sections, static_cast<SectionKind>(kind)) = payload;
    } else if ((kind & kOptionalSection) == 0) {
      fail(ErrorCode::unsupported, what, ": has a section of kind ", static_cast<int>(kind),
           " that this program does not know and may not skip");
    }
  }
  require(file.remaining() == 0, what, ": has ", file.remaining(), " bytes after its last section");
  require(seen[static_cast<int>(SectionKind::graph)], what, ": has no graph section");
  return sections;
}

Bytes read_block(ByteView payload, std::string_view what) {
  ByteReader in(payload, what);
  const auto length = static_cast<size_t>(in.varint(8 * payload.size(), "a block's length"));
  const std::vector<uint16_t> symbols = codec::read_stream(in, length, 256);
  require(in.remaining() == 0, what, ": ", in.remaining(), " bytes too many");
  Bytes block(symbols.size());
  std::transform(symbols.begin(), symbols.end(), block.begin(),
                 [](uint16_t s) { return static_cast<uint8_t>(s); });
  return block;
}

}  // namespace netsuke::model
