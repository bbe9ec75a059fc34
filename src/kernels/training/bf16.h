#pragma once

#include <cstdint>

namespace netsuke::kernels {

/// A bfloat16 number: the upper half of a float.
enum class Bf16 : uint16_t {};

}  // namespace netsuke::kernels
