// One weight in the weights section.
#pragma once

#include "model/ledger.h"
#include "tensor/weight.h"

namespace netsuke::model {

/// Reads the record that fills `record`. `budget` is how many kept values the file may still have; what this
/// weight keeps is taken off. Fills the counts of `ledger` and, if `entropy`, its bound. Throws Error(input).
Weight read_weight(ByteView record, std::string_view what, uint64_t& budget, TensorLedger& ledger,
                   bool entropy);

}  // namespace netsuke::model
