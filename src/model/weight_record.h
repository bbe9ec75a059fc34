// One weight in the weights section.
#pragma once

#include <optional>

#include "base/bytes.h"
#include "model/ledger.h"
#include "tensor/weight.h"

namespace netsuke {

/// The bytes of a weight in a file, for a runtime that reads the weight anew whenever a layer needs it.
struct Record {
  /// Where a part of a weight that is streams of symbols begins.
  struct Entry {
    uint64_t kept = 0;                   ///< values kept before it
    uint64_t element = 0;                ///< that its first gap counts from
    uint64_t gap_bit = 0, code_bit = 0;  ///< in the two streams
  };
  std::vector<uint8_t> bytes;
  size_t rows = 0;             ///< of the weight's first dimension
  size_t apart = 0;            ///< so many of them, a part, can be read without the others; or all
  std::vector<Entry> entries;  ///< of all parts and of what is behind the last; none if the bytes tell
  size_t behind_gaps = 0;      ///< where the stream of gaps has ended
  /// Bytes that it takes.
  size_t memory() const { return bytes.size() + entries.size() * sizeof(Entry); }
};

}  // namespace netsuke

namespace netsuke::model {

/// How much more the weights of a file may have.
struct ReadBudget {
  uint64_t kept = 0;            ///< see most_kept_values
  uint64_t range_elements = 0;  ///< see most_range_elements
};

/// Reads the record that fills `record`; what this weight has is taken off the budget. Fills the counts of
/// `ledger` and, if `entropy`, its bound; with `keep_record` the weight has its Record,
/// unless it is of signs, which are small as they are. Throws Error(input).
Weight read_weight(ByteView record, std::string_view what, ReadBudget& budget, TensorLedger& ledger,
                   bool entropy, bool keep_record = false);

// A weight of which only the record stays in memory. What a file may make of its bytes was asked when it was
// read first, so these records are sound.

/// `weight`, which has a record, without its values.
Weight closed(const Weight& weight);

/// The weight of the record; with `part`, only its rows from part * apart on, up to `apart` of them.
Weight reread(const Record& record, std::optional<size_t> part = std::nullopt);

/// `weight` itself, or if its values are not in memory, those of its record.
WeightPtr opened(const WeightPtr& weight);

}  // namespace netsuke::model
