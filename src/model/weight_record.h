// One weight in the weights section.
#pragma once

#include <optional>

#include "base/bytes.h"
#include "model/ledger.h"
#include "tensor/weight.h"

namespace netsuke::model {

/// How much more the weights of a file may have.
struct ReadBudget {
  uint64_t kept = 0;            ///< see most_kept_values
  uint64_t range_elements = 0;  ///< see most_range_elements
};

/// Reads the record that fills `record`; what this weight has is taken off the budget. Fills the counts of
/// `ledger` and, if `entropy`, its bound. Throws Error(input).
Weight read_weight(ByteView record, std::string_view what, ReadBudget& budget, TensorLedger& ledger,
                   bool entropy);

// A weight of which only the record stays in memory. What a file may make of its bytes was asked when it was
// read first, so these records are sound.

/// `weight`, which has a record, without its values.
Weight closed(const Weight& weight);

/// How many rows (of the first dimension) a weight has, and how many of them can be read without the others:
/// those of a slice of the range coder, or all.
struct RecordRows {
  size_t all = 0, apart = 0;
};
RecordRows record_rows(ByteView record);

/// The weight of the record; with `part`, only its rows from part * apart on, up to `apart` of them.
Weight reread(ByteView record, std::optional<size_t> part = std::nullopt);

/// `weight` itself, or if its values are not in memory, those of its record.
WeightPtr opened(const WeightPtr& weight);

}  // namespace netsuke::model
