// What brings values into a range: by statistics, by neighbours or by the sum of all classes.
#pragma once

#include <cstdint>
#include <string_view>

#include "graph/fields.h"

namespace netsuke {

/// y = scale (x - mean) / sqrt(variance + epsilon) + bias per channel. Inputs: x, scale, bias, mean,
/// variance.
struct BatchNorm {
  float epsilon = 1e-5f;
  static constexpr uint8_t id = 3;
  static constexpr std::string_view name = "batch_norm";
  static constexpr auto fields() { return std::tuple{field("epsilon", &BatchNorm::epsilon)}; }
  bool operator==(const BatchNorm&) const = default;
};

/// y = scale (x - mean) / sqrt(variance + epsilon) + bias, mean and variance over the channels of each
/// position (Ba 2016, arXiv 1607.06450; over the channels of images as ConvNeXt has it). Inputs: x, scale,
/// bias.
struct LayerNorm {
  float epsilon = 1e-5f;
  static constexpr uint8_t id = 39;
  static constexpr std::string_view name = "layer_norm";
  static constexpr auto fields() { return std::tuple{field("epsilon", &LayerNorm::epsilon)}; }
  bool operator==(const LayerNorm&) const = default;
};

/// y = scale (x - mean) / sqrt(variance + epsilon) + bias per channel, mean and variance over all positions
/// of each of `groups` runs of channels (Wu and He 2018, arXiv 1803.08494); with one channel a group this is
/// instance normalisation (Ulyanov 2016, arXiv 1607.08022). Inputs: x, scale, bias.
struct GroupNorm {
  int groups = 1;
  float epsilon = 1e-5f;
  static constexpr uint8_t id = 40;
  static constexpr std::string_view name = "group_norm";
  static constexpr auto fields() {
    return std::tuple{field("groups", &GroupNorm::groups), field("epsilon", &GroupNorm::epsilon)};
  }
  bool operator==(const GroupNorm&) const = default;
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

/// exp(x) / sum exp(x) over dimension 1.
struct Softmax {
  static constexpr uint8_t id = 10;
  static constexpr std::string_view name = "softmax";
  static constexpr auto fields() { return std::tuple{}; }
  bool operator==(const Softmax&) const = default;
};

/// Logarithm of softmax: x - log(sum exp(x)) over dimension 1.
struct LogSoftmax {
  static constexpr uint8_t id = 25;
  static constexpr std::string_view name = "log_softmax";
  static constexpr auto fields() { return std::tuple{}; }
  bool operator==(const LogSoftmax&) const = default;
};

/// Does nothing outside training; there it zeroes a share `ratio` of the values and scales up the rest.
struct Dropout {
  float ratio = 0.5f;
  static constexpr uint8_t id = 11;
  static constexpr std::string_view name = "dropout";
  static constexpr auto fields() { return std::tuple{field("ratio", &Dropout::ratio)}; }
  bool operator==(const Dropout&) const = default;
};

}  // namespace netsuke
