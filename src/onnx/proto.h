// ONNX files and their tensors, as far as bytes go.
#pragma once

#include <onnx/onnx_pb.h>

#include <string>

#include "base/bytes.h"
#include "onnx/constant.h"

namespace netsuke::onnx {

namespace pb = ::onnx;

/// Parses a model; `what` names it in errors. Throws Error(input) for bytes that are not an ONNX model.
pb::ModelProto parse_model(ByteView bytes, const std::string& what);
pb::ModelProto load_model_proto(const std::string& path);

/// The tensor's values. Raw data, typed fields, half floats and data in a file of its own (found beside the
/// model, in `folder`; an empty folder refuses them) are understood. Frees the proto's copy of the values, so
/// that a large model is never held twice. Throws Error(input) for data that do not fit their shape and
/// Error(unsupported) for element types that are no numbers.
Constant take_constant(pb::TensorProto& tensor, const std::string& folder);

}  // namespace netsuke::onnx
