// Writing .nsk files. Part of the tool only: what is deployed reads.
#pragma once

#include "base/bytes.h"
#include "model/ledger.h"

namespace netsuke {

/// How weights are turned into bytes.
enum class Coder {
  automatic,  ///< for each weight the smallest form
  plain,      ///< fixed-width codes and gaps: what quantization alone gives
  huffman,    ///< Huffman codes wherever there are symbols: Deep Compression's
  symbols,    ///< fixed-width or Huffman codes, whatever is smaller
  range,      ///< the adaptive range coder wherever values are pruned or shared
};

struct WriteOptions {
  Coder coder = Coder::automatic;
  /// Width of the gap index, 2 to 16, for every pruned weight; 0 takes for each the form and width with
  /// fewest bytes.
  int index_bits = 0;
  int threads = 0;  ///< 0: one for each core; the bytes do not depend on it
};

struct Written {
  Bytes bytes;
  Graph graph;  ///< what read_model makes of the bytes
  Ledger ledger;
};

/// The graph as a .nsk file. Reading gives the same graph (see graph/passes/order.h) with codebooks reduced
/// to the centroids that are used, in ascending order: every weight has the same encoding and bit for bit the
/// same values. Throws Error(input) for a graph that verify() or infer_shapes() refuse, Error(usage) for a
/// wrong width, and Error(unsupported) for what the format can't hold: a name of more than 255 bytes, an
/// output that is a constant.
Written write_model(const Graph& graph, const WriteOptions& options = {});

}  // namespace netsuke
