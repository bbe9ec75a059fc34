// Numbers of the .nsk format that reader and writer share. docs/format.md is the specification.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace netsuke::model {

inline constexpr std::string_view kMagic = "NSK";
inline constexpr uint8_t kVersion = 1;
/// The header's feature of files in which a weight, or floats of one, went through the range coder.
inline constexpr uint64_t kRangeCoded = 1;
/// The header's feature of files with binary weights.
inline constexpr uint64_t kBinary = 2;
/// Bits of the header's features that this version understands.
inline constexpr uint64_t kKnownFeatures = kRangeCoded | kBinary;

enum class SectionKind : uint8_t { graph = 1, weights = 2, metadata = 3, padding = 0x84 };
/// Set in the kind of sections that a reader may skip if it does not know them.
inline constexpr uint8_t kOptionalSection = 0x80;
inline constexpr uint64_t kMostSections = 64;
inline constexpr uint64_t kMostNodes = 65536;
inline constexpr uint64_t kLongestName = 255;

/// Values that the weights of a file of this size may keep, in all. Nearly every form takes a bit or more for
/// each kept value; the few that take none (all values equal) are thereby bounded too, before memory is asked
/// for.
inline uint64_t most_kept_values(uint64_t file_bytes) { return (uint64_t{1} << 20) + 8 * file_bytes; }

/// Elements that the range-coded weights of a file of this size may have, in all: what is not kept may take
/// far less than a bit, and the time to decode it must be bounded too.
inline constexpr uint64_t kRangeElementsPerByte = 256;
inline uint64_t most_range_elements(uint64_t file_bytes) {
  return (uint64_t{1} << 20) + kRangeElementsPerByte * file_bytes;
}

/// XXH32 with seed 0.
uint32_t checksum(ByteView bytes);

/// How the positions of kept values are stored.
enum class PositionForm : uint8_t {
  all = 0,     ///< every element is kept
  gaps = 1,    ///< relative index
  bitmap = 2,  ///< a bit for each element, set where one is kept
  joint = 3,   ///< no positions: codes for all elements, with one more code for "not kept"; or range-coded
};

/// The first byte of a weight record.
struct RecordHead {
  uint8_t encoding = 0;     ///< bits 0-1: index into Encoding, but for signs
  bool by_columns = false;  ///< bit 2: gaps go down the columns of the matrix [first dimension, rest]
  PositionForm positions = PositionForm::all;  ///< bits 3-4
  bool shared = false;                         ///< bit 5: values are stored as a codebook and codes
  uint8_t rank_code = 0;                       ///< bits 6-7: rank 1, 2 or 4; 3: the rank follows in a byte

  /// Joint codes without a codebook make no sense: the two bits say instead that positions and codes are
  /// those of the range coder.
  bool range_coded() const { return positions == PositionForm::joint && !shared; }
  /// A codebook keeps every element, so positions make no sense with it: a bitmap says instead that the
  /// elements are signs, a bit each, or with bit 5 range-coded.
  bool signs() const { return encoding == 2 && positions == PositionForm::bitmap; }
};

inline uint8_t pack(const RecordHead& head) {
  return static_cast<uint8_t>(head.encoding | (head.by_columns ? 4 : 0) |
                              (static_cast<int>(head.positions) << 3) | (head.shared ? 32 : 0) |
                              (head.rank_code << 6));
}
inline RecordHead unpack_head(uint8_t byte) {
  return {static_cast<uint8_t>(byte & 3), (byte & 4) != 0, static_cast<PositionForm>((byte >> 3) & 3),
          (byte & 32) != 0, static_cast<uint8_t>(byte >> 6)};
}

/// What range-coded signs are codes of.
inline constexpr float kSignValues[] = {-1, 1};

/// Ranks that need no byte of their own, by rank code.
inline constexpr uint8_t kShortRanks[3] = {1, 2, 4};

/// Constants are called "<node>.<role>" unless they have a name of their own; no role gives no such name.
inline std::string default_name(std::string_view node, std::string_view role) {
  return role.empty() ? std::string() : cat(node, ".", role);
}

}  // namespace netsuke::model
