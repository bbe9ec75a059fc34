// Where a compressed network's accuracy went.
#pragma once

#include "cli/common.h"

namespace netsuke::cli {

/// One layer, changed back and forth between the original and the compressed network.
struct LayerBlame {
  std::string layer;
  int64_t bytes = 0;       ///< of its weights and bias in the compressed file
  double only = 0;         ///< points lost where only this layer is the compressed one
  double all_but = 0;      ///< points lost where all layers but this one are
  double at_8_bits = 0;    ///< points lost where this layer keeps the original's values, at 8 bits, instead
  int64_t more_bytes = 0;  ///< what that adds to the file
};

struct Blame {
  double error_original = 0, error = 0;  ///< per cent
  std::vector<LayerBlame> layers;
  std::vector<std::string>
      others;  ///< layers of the original that the compressed network has in another form
};

/// Measures every layer that both networks have, of one shape. Throws Error(input) where they have none.
/// `ledger` is that of the compressed network's file, and says how it was coded.
Blame blame_layers(const Graph& original, const Graph& compressed, const Ledger& ledger,
                   const Dataset& images, int threads, const Log& log);

/// A table, and the layer that gives back most for its bytes.
std::string blame_text(const Blame& blame);
report::Json blame_json(const Blame& blame);

}  // namespace netsuke::cli
