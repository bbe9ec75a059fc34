// What the files in tests/golden hold, made again from a seed by the code here.
#pragma once

#include <string>
#include <vector>

#include "graph/graph.h"
#include "model/write.h"

namespace netsuke::golden {

struct Model {
  std::string name;  ///< the file is NAME.nsk, what is in it NAME.txt
  Graph graph;
  WriteOptions options;
};

/// At least one for every encoding, position form, element order, float form and coder; two that have all
/// ops; a small LeNet.
std::vector<Model> models();

struct Invalid {
  std::string name;  ///< the file is invalid/NAME.nsk
  Bytes bytes;
  std::string error;  ///< a part of the sentence that reading it must give
};

/// Files that are broken behind sound checksums, or in their outer layer.
std::vector<Invalid> invalid_files();

/// A graph as docs/reader/read_nsk.py prints it: its text, and for every weight its shape, encoding and the
/// CRC-32 of its values as little-endian floats.
std::string describe(const Graph& graph);

}  // namespace netsuke::golden
