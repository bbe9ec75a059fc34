// Shared values that are whole steps apart: ONNX has a cheaper form for these than a table.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace netsuke::onnx {

/// DequantizeLinear's form of a codebook: centroid i is float(codes[i] - zero) x step, to the last bit (but
/// for the sign of a zero).
struct UniformCodes {
  float step = 1;
  uint8_t zero = 0;
  std::vector<uint8_t> codes;
};

/// The form, or nothing for centroids that are no multiples, 255 steps apart at most, of one number.
std::optional<UniformCodes> uniform_codes(std::span<const float> centroids);

}  // namespace netsuke::onnx
