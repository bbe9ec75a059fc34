// Where every byte of a file went, for people: the per-layer table of Deep Compression and the byte ledger.
#pragma once

#include <string>

#include "graph/graph.h"
#include "model/ledger.h"
#include "report/baselines.h"

namespace netsuke::report {

/// Sizes of a file's stages, in bytes, in the order in which Deep Compression makes them.
struct StageBytes {
  double float32 = 0;  ///< every parameter as a 32-bit float
  double pruned = 0;   ///< kept weights as floats plus packed relative indices
  double shared = 0;   ///< kept weights as packed codes, codebooks as floats, packed indices ("P + Q")
  double coded = 0;    ///< what the weight sections take in the file ("P + Q + H")
  double file = 0;     ///< the whole file
};
StageBytes stage_bytes(const TensorLedger& tensor);
StageBytes stage_bytes(const Ledger& ledger);

/// The form of the paper's Tables 2 to 5: a row a layer with weights, kept %, bits a weight and bits an index
/// before and after entropy coding, bytes and % of its floats.
std::string paper_table(const Graph& graph, const Ledger& ledger);

/// float -> pruned -> shared -> coded -> file beside the baselines; then for every layer and for the file's
/// other parts the bytes of each component (codes, indices, codebooks, code tables, floats, headers, biases);
/// then the zero-order entropy bound. `graph` is what the file holds. Of more than `most_layers` layers the
/// small ones share a row.
std::string ledger_text(const Graph& graph, const Ledger& ledger, const Baselines& baselines,
                        size_t most_layers = 32);

}  // namespace netsuke::report
