// The closed set of operations. Each is a small struct of attributes that lists its fields once; shapes,
// reference evaluation and cost are free functions over the variant (shapes.h, evaluate.h, cost.h). Inputs
// are listed with their order in the node: the data first, then the constants.
#pragma once

#include <cstdint>
#include <string_view>
#include <variant>

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

/// y = w x + b over [N, in]; w is [out, in]. Inputs: x, weight, [bias].
struct Linear {
  static constexpr uint8_t id = 2;
  static constexpr std::string_view name = "linear";
  static constexpr auto fields() { return std::tuple{}; }
  bool operator==(const Linear&) const = default;
};

/// y = scale (x - mean) / sqrt(variance + epsilon) + bias per channel. Inputs: x, scale, bias, mean,
/// variance.
struct BatchNorm {
  float epsilon = 1e-5f;
  static constexpr uint8_t id = 3;
  static constexpr std::string_view name = "batch_norm";
  static constexpr auto fields() { return std::tuple{field("epsilon", &BatchNorm::epsilon)}; }
  bool operator==(const BatchNorm&) const = default;
};

struct Relu {
  static constexpr uint8_t id = 4;
  static constexpr std::string_view name = "relu";
  static constexpr auto fields() { return std::tuple{}; }
  bool operator==(const Relu&) const = default;
};

/// Values limited to [min, max]; ReLU6 is clip(0, 6).
struct Clip {
  float min = 0;
  float max = 6;
  static constexpr uint8_t id = 5;
  static constexpr std::string_view name = "clip";
  static constexpr auto fields() { return std::tuple{field("min", &Clip::min), field("max", &Clip::max)}; }
  bool operator==(const Clip&) const = default;
};

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

/// [N, ...] -> [N, product of the rest].
struct Flatten {
  static constexpr uint8_t id = 9;
  static constexpr std::string_view name = "flatten";
  static constexpr auto fields() { return std::tuple{}; }
  bool operator==(const Flatten&) const = default;
};

/// exp(x) / sum exp(x) over dimension 1.
struct Softmax {
  static constexpr uint8_t id = 10;
  static constexpr std::string_view name = "softmax";
  static constexpr auto fields() { return std::tuple{}; }
  bool operator==(const Softmax&) const = default;
};

/// Does nothing outside training; there it zeroes a share `ratio` of the values and scales up the rest.
struct Dropout {
  float ratio = 0.5f;
  static constexpr uint8_t id = 11;
  static constexpr std::string_view name = "dropout";
  static constexpr auto fields() { return std::tuple{field("ratio", &Dropout::ratio)}; }
  bool operator==(const Dropout&) const = default;
};

/// Sum of two inputs of one shape.
struct Add {
  static constexpr uint8_t id = 12;
  static constexpr std::string_view name = "add";
  static constexpr auto fields() { return std::tuple{}; }
  bool operator==(const Add&) const = default;
};

/// Inputs (two or more) joined along the channels, dimension 1.
struct Concat {
  static constexpr uint8_t id = 13;
  static constexpr std::string_view name = "concat";
  static constexpr auto fields() { return std::tuple{}; }
  bool operator==(const Concat&) const = default;
};

/// ShuffleNet's shuffle: channels seen as [groups, n] are transposed to [n, groups].
struct ChannelShuffle {
  int groups = 1;
  static constexpr uint8_t id = 14;
  static constexpr std::string_view name = "channel_shuffle";
  static constexpr auto fields() { return std::tuple{field("groups", &ChannelShuffle::groups)}; }
  bool operator==(const ChannelShuffle&) const = default;
};

/// Local response normalisation across channels (AlexNet, section 3.3), with ONNX's meaning of alpha:
/// y = x / (k + alpha / size * sum of x^2 over `size` channels)^beta.
struct Lrn {
  int size = 5;
  float alpha = 1e-4f;
  float beta = 0.75f;
  float k = 1;
  static constexpr uint8_t id = 15;
  static constexpr std::string_view name = "lrn";
  static constexpr auto fields() {
    return std::tuple{field("size", &Lrn::size), field("alpha", &Lrn::alpha), field("beta", &Lrn::beta),
                      field("k", &Lrn::k)};
  }
  bool operator==(const Lrn&) const = default;
};

/// Ids are part of the file format: never reused, only added.
using Op = std::variant<Conv2d, Linear, BatchNorm, Relu, Clip, MaxPool, AvgPool, GlobalAvgPool, Flatten,
                        Softmax, Dropout, Add, Concat, ChannelShuffle, Lrn>;

std::string_view op_name(const Op& op);
uint8_t op_id(const Op& op);

/// The op with default attributes that has this name or id; throws Error(unsupported) naming what was found.
Op op_from_name(std::string_view name);
Op op_from_id(uint8_t id);

/// How many inputs a node of this op takes, and what its constants are called ("weight", "bias", ...).
struct Arity {
  int least = 1;
  int most = 1;
  std::string_view roles[5] = {"x"};  ///< names of the inputs by position, for weight names and for errors
};
Arity arity(const Op& op);

}  // namespace netsuke
