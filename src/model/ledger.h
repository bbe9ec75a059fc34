// Where every byte of a .nsk file went.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "graph/graph.h"

namespace netsuke {

/// One weight. The byte counts codes, index, codebook, table, raw and header add up to `bytes`.
struct TensorLedger {
  ValueId value = 0;  ///< in the graph that read_model gives
  std::string name;
  std::string form;      ///< "codebook, gaps+huffman, codes+huffman": what is stored and how
  int64_t elements = 0;  ///< in all
  int64_t kept = 0;
  int value_bits = 0;  ///< for a kept value before entropy coding: 32, or the width of its code
  int index_bits =
      0;  ///< width of a gap before entropy coding, of range-coded weights the best; 0 without gaps
  int64_t fillers = 0;
  double coded_value_bits = 0;  ///< bits for each kept value after coding, code tables not counted
  double coded_index_bits = 0;  ///< the same for positions, fillers included
  int64_t codes_bytes = 0;      ///< codes of shared values
  int64_t index_bytes = 0;      ///< gaps or bitmap
  int64_t codebook_bytes = 0;
  int64_t table_bytes = 0;   ///< Huffman tables of codes and gaps
  int64_t raw_bytes = 0;     ///< values that are not shared
  int64_t header_bytes = 0;  ///< form, shape and counts
  double entropy_bytes = 0;  ///< zero-order bound for codes and gaps together
  int64_t bytes = 0;         ///< the whole record
};

/// A file. The counts of header, graph, metadata and checksums and the tensors' bytes add up to `file_bytes`.
struct Ledger {
  std::vector<TensorLedger> tensors;  ///< in file order
  int64_t header_bytes = 0;           ///< of the file and its sections, and sections that were skipped
  int64_t graph_bytes = 0;
  int64_t metadata_bytes = 0;
  int64_t checksum_bytes = 0;
  int64_t file_bytes = 0;
};

}  // namespace netsuke
