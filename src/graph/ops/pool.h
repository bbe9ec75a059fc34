// Windows and whole images made into one value for each channel.
#pragma once

#include <cstdint>
#include <string_view>

#include "graph/fields.h"

namespace netsuke {

/// Largest value under the window; padding never wins. With ceil, a last window that starts inside the padded
/// image counts although it hangs over its edge (Caffe's and ONNX's ceil_mode).
struct MaxPool {
  Pair kernel{2, 2};
  Pair stride{2, 2};
  Pads pad{};
  bool ceil = false;
  static constexpr uint8_t id = 6;
  static constexpr std::string_view name = "max_pool";
  static constexpr auto fields() {
    return std::tuple{field("kernel", &MaxPool::kernel), field("stride", &MaxPool::stride),
                      field("pad", &MaxPool::pad), field("ceil", &MaxPool::ceil)};
  }
  bool operator==(const MaxPool&) const = default;
};

/// Mean under the window; padding counts as zeros only if count_pad.
struct AvgPool {
  Pair kernel{2, 2};
  Pair stride{2, 2};
  Pads pad{};
  bool ceil = false;
  bool count_pad = false;
  static constexpr uint8_t id = 7;
  static constexpr std::string_view name = "avg_pool";
  static constexpr auto fields() {
    return std::tuple{field("kernel", &AvgPool::kernel), field("stride", &AvgPool::stride),
                      field("pad", &AvgPool::pad), field("ceil", &AvgPool::ceil),
                      field("count_pad", &AvgPool::count_pad)};
  }
  bool operator==(const AvgPool&) const = default;
};

/// Mean over all of H and W: [N, C, H, W] -> [N, C, 1, 1].
struct GlobalAvgPool {
  static constexpr uint8_t id = 8;
  static constexpr std::string_view name = "global_avg_pool";
  static constexpr auto fields() { return std::tuple{}; }
  bool operator==(const GlobalAvgPool&) const = default;
};

/// Largest of all of H and W: [N, C, H, W] -> [N, C, 1, 1].
struct GlobalMaxPool {
  static constexpr uint8_t id = 26;
  static constexpr std::string_view name = "global_max_pool";
  static constexpr auto fields() { return std::tuple{}; }
  bool operator==(const GlobalMaxPool&) const = default;
};

}  // namespace netsuke
