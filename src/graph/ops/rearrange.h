// Values moved, repeated or left out, but never combined (except where resize interpolates).
#pragma once

#include <cstdint>
#include <string_view>

#include "graph/fields.h"

namespace netsuke {

/// [N, ...] -> [N, product of the rest].
struct Flatten {
  static constexpr uint8_t id = 9;
  static constexpr std::string_view name = "flatten";
  static constexpr auto fields() { return std::tuple{}; }
  bool operator==(const Flatten&) const = default;
};

/// [N, ...] -> [N, dims...]: the values of an image in their order, in another shape.
struct Reshape {
  Dims dims{};
  static constexpr uint8_t id = 30;
  static constexpr std::string_view name = "reshape";
  static constexpr auto fields() { return std::tuple{field("dims", &Reshape::dims)}; }
  bool operator==(const Reshape&) const = default;
};

/// Dimension i of the output is dimension perm[i] of the input; perm[0] is 0, as the batch stays in front.
struct Transpose {
  Dims perm{};
  static constexpr uint8_t id = 29;
  static constexpr std::string_view name = "transpose";
  static constexpr auto fields() { return std::tuple{field("perm", &Transpose::perm)}; }
  bool operator==(const Transpose&) const = default;
};

/// Inputs (two or more) joined along the channels, dimension 1. A constant, whose batch is 1, joins every
/// image.
struct Concat {
  static constexpr uint8_t id = 13;
  static constexpr std::string_view name = "concat";
  static constexpr auto fields() { return std::tuple{}; }
  bool operator==(const Concat&) const = default;
};

/// Elements begin, begin + step, ... before `end` along `axis`, which is not the batch. With a negative step
/// `end` lies below `begin`, and -1 goes on through element 0.
struct Slice {
  int axis = 1;
  int begin = 0;
  int end = 0;
  int step = 1;
  static constexpr uint8_t id = 27;
  static constexpr std::string_view name = "slice";
  static constexpr auto fields() {
    return std::tuple{field("axis", &Slice::axis), field("begin", &Slice::begin), field("end", &Slice::end),
                      field("step", &Slice::step)};
  }
  bool operator==(const Slice&) const = default;
};

/// Rows and columns added around an image; negative pads take away. Modes: 0 adds `value`, 1 reflects the
/// image at its edge (which is not repeated), 2 repeats its edge.
struct Pad {
  Pads pad{};
  float value = 0;
  int mode = 0;
  static constexpr uint8_t id = 28;
  static constexpr std::string_view name = "pad";
  static constexpr auto fields() {
    return std::tuple{field("pad", &Pad::pad), field("value", &Pad::value), field("mode", &Pad::mode)};
  }
  bool operator==(const Pad&) const = default;
};

/// H and W made to `size` by ONNX's rules. Pixel i of n in the output lies at x among the m of the input:
///   coordinates 0, half_pixel: x = (i + 1/2) m / n - 1/2
///   1, asymmetric: x = i m / n
///   2, align_corners: x = i (m - 1) / (n - 1)
///   3, pytorch_half_pixel: as 0, but x = 0 if n = 1
/// Mode 0 takes the nearest pixel, found by `rounding` x: 0 round_prefer_floor, 1 round_prefer_ceil, 2 floor,
/// 3 ceil. Mode 1 is linear between neighbours. Beyond the edge lies the edge pixel.
struct Resize {
  Pair size{};
  int mode = 0;
  int coordinates = 0;
  int rounding = 0;
  static constexpr uint8_t id = 31;
  static constexpr std::string_view name = "resize";
  static constexpr auto fields() {
    return std::tuple{field("size", &Resize::size), field("mode", &Resize::mode),
                      field("coordinates", &Resize::coordinates), field("rounding", &Resize::rounding)};
  }
  bool operator==(const Resize&) const = default;
};

/// ShuffleNet's shuffle: channels seen as [groups, n] are transposed to [n, groups].
struct ChannelShuffle {
  int groups = 1;
  static constexpr uint8_t id = 14;
  static constexpr std::string_view name = "channel_shuffle";
  static constexpr auto fields() { return std::tuple{field("groups", &ChannelShuffle::groups)}; }
  bool operator==(const ChannelShuffle&) const = default;
};

/// [N, b b C, H, W] -> [N, C, b H, b W] for block b: a pixel's channels become blocks of b x b pixels. Row i
/// and column j of the block of channel c come from channel (i b + j) C + c, or with crd c b b + i b + j.
struct DepthToSpace {
  int block = 2;
  bool crd = false;
  static constexpr uint8_t id = 33;
  static constexpr std::string_view name = "depth_to_space";
  static constexpr auto fields() {
    return std::tuple{field("block", &DepthToSpace::block), field("crd", &DepthToSpace::crd)};
  }
  bool operator==(const DepthToSpace&) const = default;
};

}  // namespace netsuke
