// ONNX out: any graph for every tool that reads ONNX.
#pragma once

#include <string>
#include <vector>

#include "base/bytes.h"
#include "graph/graph.h"

namespace netsuke::onnx {

struct ExportOptions {
  /// Shared weights stay codebooks: codes of 8 or 16 bits and a Gather. The file is small, and every tool
  /// that knows Gather runs it; without it weights are written as floats.
  bool quantized = false;
  /// What the outputs are called instead of after their nodes, one each; empty: as these are.
  std::vector<std::string> output_names = {};
};

/// The graph as an ONNX model of opset 15 whose batch is open. import_bytes gives it back, the encodings of
/// its weights aside. Throws Error(unsupported) for a model of more than 2 GiB.
Bytes export_model(const Graph& graph, const ExportOptions& options = {});

}  // namespace netsuke::onnx
