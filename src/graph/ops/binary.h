// What binary networks compute beside their convolutions (XNOR-Net, arXiv 1603.05279).
#pragma once

#include <cstdint>
#include <string_view>

#include "graph/fields.h"

namespace netsuke {

/// 1 where x is 0 or more, else -1. Training lets the gradient pass where |x| < 1.
struct Sign {
  static constexpr uint8_t id = 34;
  static constexpr std::string_view name = "sign";
  static constexpr auto fields() { return std::tuple{}; }
  bool operator==(const Sign&) const = default;
};

/// How large the inputs are that a binary convolution takes the signs of: K = A * k (XNOR-Net, section 3.2,
/// equation 11), where A is the mean of |x| over the channels and k the mean over a window, in which padding
/// counts as 0. The window is the convolution's: [N, C, H, W] becomes [N, 1, H', W'] for all its filters. Of
/// [N, C], what a linear layer reads, it is the mean of |x|, [N, 1].
struct InputScale {
  Pair kernel{};
  Pair stride{};
  Pads pad{};
  Pair dilation{};
  static constexpr uint8_t id = 35;
  static constexpr std::string_view name = "input_scale";
  static constexpr auto fields() {
    return std::tuple{field("kernel", &InputScale::kernel), field("stride", &InputScale::stride),
                      field("pad", &InputScale::pad), field("dilation", &InputScale::dilation)};
  }
  bool operator==(const InputScale&) const = default;
};

}  // namespace netsuke
