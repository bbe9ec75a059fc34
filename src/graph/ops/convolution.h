// Sums of products with a weight.
#pragma once

#include <cstdint>
#include <string_view>

#include "graph/fields.h"

namespace netsuke {

/// y = x * w + b over NCHW; w is OIHW with I = C / groups. Inputs: x, weight, [bias].
struct Conv2d {
  Pair stride{};
  Pads pad{};
  Pair dilation{};
  int groups = 1;
  static constexpr uint8_t id = 1;
  static constexpr std::string_view name = "conv2d";
  static constexpr auto fields() {
    return std::tuple{field("stride", &Conv2d::stride), field("pad", &Conv2d::pad),
                      field("dilation", &Conv2d::dilation), field("groups", &Conv2d::groups)};
  }
  bool operator==(const Conv2d&) const = default;
};

/// The transpose of a convolution, which makes images larger: every input value adds weight times itself to a
/// window of the output. w is [C, M / groups, kH, kW] for C input and M output channels; the output has
/// (H - 1) stride - pads + dilation (kH - 1) + output_pad + 1 rows. Inputs: x, weight, [bias].
struct ConvTranspose2d {
  Pair stride{};
  Pads pad{};
  Pair dilation{};
  Pair output_pad{0, 0};
  int groups = 1;
  static constexpr uint8_t id = 32;
  static constexpr std::string_view name = "conv_transpose2d";
  static constexpr auto fields() {
    return std::tuple{field("stride", &ConvTranspose2d::stride), field("pad", &ConvTranspose2d::pad),
                      field("dilation", &ConvTranspose2d::dilation),
                      field("output_pad", &ConvTranspose2d::output_pad),
                      field("groups", &ConvTranspose2d::groups)};
  }
  bool operator==(const ConvTranspose2d&) const = default;
};

/// y = w x + b over [N, in]; w is [out, in]. Inputs: x, weight, [bias].
struct Linear {
  static constexpr uint8_t id = 2;
  static constexpr std::string_view name = "linear";
  static constexpr auto fields() { return std::tuple{}; }
  bool operator==(const Linear&) const = default;
};

}  // namespace netsuke
