// One weight in the weights section.
#pragma once

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

}  // namespace netsuke::model
