// Any bytes are an ONNX model or an Error; what was imported can be exported.
#include <cstdlib>

#include "onnx/export.h"
#include "onnx/import.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  try {
    const netsuke::Graph graph = netsuke::onnx::import_bytes({data, size}, "fuzz");
    netsuke::onnx::export_model(graph);
  } catch (const netsuke::Error& error) {
    if (error.code() == netsuke::ErrorCode::internal) std::abort();
  }
  return 0;
}
