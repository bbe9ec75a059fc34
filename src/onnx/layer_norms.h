// Layer norms as exporters write them before opset 17.
#pragma once

#include "onnx/proto.h"

namespace netsuke::onnx {

/// (x - mean) / sqrt(mean of (x - mean)^2 + epsilon) over the last axis, with the product and the sum of
/// constants behind it if there are such, becomes one LayerNormalization, whose scale may be missing. Nodes
/// that nobody reads any more stay where they are.
void join_layer_norms(pb::GraphProto& graph);

}  // namespace netsuke::onnx
