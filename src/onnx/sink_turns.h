// Channels-last stretches of a network become channels first.
#pragma once

#include <set>

#include "graph/graph.h"

namespace netsuke::onnx {

/// Layers that exporters write for images with their channels last (ConvNeXt's MatMul and LayerNormalization)
/// are imported as ours between two Transposes each; `turns` are the values that those behind make. Here such
/// a Transpose moves behind the element-wise operations that read it, as far as one that turns back, and both
/// go. The graph computes the same.
Graph sink_turns(const Graph& graph, const std::set<ValueId>& turns);

}  // namespace netsuke::onnx
