// ONNX in: a model from another tool becomes our Graph.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "graph/graph.h"

namespace netsuke::onnx {

/// Operator sets of the default domain that are understood.
inline constexpr int64_t kLeastOpset = 7, kMostOpset = 24;

struct ImportOptions {
  /// {channels, height, width} of one image, for models that leave dimensions open.
  std::optional<Shape> input;
  /// Of several outputs the one with this name is kept alone; empty: all are.
  std::string output;
  /// If not null, becomes the names that the file has for the outputs; in the graph they are called after
  /// their nodes.
  std::vector<std::string>* output_names = nullptr;
  /// Merge batch norms into the convolutions beside them. Without it they stay nodes of their own.
  bool fold_batch_norm = true;
};

/// The network in an ONNX file, batch first. Constants are folded, what does nothing is gone, and the
/// exporter's spellings of flatten, channel shuffle, hard swish and global pooling are single nodes again;
/// what no output needs is left out; images that come channels last, as TensorFlow has them, are taken
/// channels first. Weights keep every bit. Throws Error(input) for a damaged file, and Error(unsupported)
/// that lists all of the nodes that cannot be imported, each with its name, its operator, what was found and
/// what is supported.
Graph import_file(const std::string& path, const ImportOptions& options = {});

/// import_file of bytes; tensors kept in other files are looked for in `folder` (empty: refused).
Graph import_bytes(ByteView bytes, const std::string& what, const ImportOptions& options = {},
                   const std::string& folder = {});

/// The operators that import_file knows, in alphabetical order.
std::vector<std::string> supported_operators();

}  // namespace netsuke::onnx
