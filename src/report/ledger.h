// Where every byte of a file went, for people: the per-layer table of Deep Compression and the byte ledger.
#pragma once

#include <string>

#include "graph/graph.h"
#include "model/write.h"

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

/// What general-purpose compressors make of the float parameters, the honest baseline. Files of more than
/// `limit` bytes are judged by their first `limit` bytes, scaled up.
struct Baselines {
  double gzip9 = 0;
  double zstd19 = 0;
  bool sampled = false;
};
Baselines baselines(const Graph& graph, size_t limit = 32'000'000);

/// The form of the paper's Tables 2 to 5: a row a layer with weights, kept %, bits a weight and bits an index
/// before and after entropy coding, bytes and % of its floats.
std::string paper_table(const Graph& graph, const Ledger& ledger);

/// float -> pruned -> shared -> coded -> file, then the components (codes, indices, codebooks, tables,
/// biases, graph, metadata, checksums), the zero-order entropy bound, and the baselines.
std::string ledger_text(const Ledger& ledger, const Baselines& baselines);

}  // namespace netsuke::report
