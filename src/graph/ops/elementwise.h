// Functions of single values, and arithmetic of two.
#pragma once

#include <cstdint>
#include <string_view>

#include "graph/fields.h"

namespace netsuke {

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

/// x where it is positive, else alpha x.
struct LeakyRelu {
  float alpha = 0.01f;
  static constexpr uint8_t id = 19;
  static constexpr std::string_view name = "leaky_relu";
  static constexpr auto fields() { return std::tuple{field("alpha", &LeakyRelu::alpha)}; }
  bool operator==(const LeakyRelu&) const = default;
};

/// x where it is positive, else slope x. The slope, a constant or computed, is broadcast to the shape of x.
/// Inputs: x, slope.
struct PRelu {
  static constexpr uint8_t id = 20;
  static constexpr std::string_view name = "prelu";
  static constexpr auto fields() { return std::tuple{}; }
  bool operator==(const PRelu&) const = default;
};

/// 1 / (1 + exp(-x)).
struct Sigmoid {
  static constexpr uint8_t id = 21;
  static constexpr std::string_view name = "sigmoid";
  static constexpr auto fields() { return std::tuple{}; }
  bool operator==(const Sigmoid&) const = default;
};

struct Tanh {
  static constexpr uint8_t id = 22;
  static constexpr std::string_view name = "tanh";
  static constexpr auto fields() { return std::tuple{}; }
  bool operator==(const Tanh&) const = default;
};

/// alpha x + beta, limited to [0, 1].
struct HardSigmoid {
  float alpha = 0.2f;
  float beta = 0.5f;
  static constexpr uint8_t id = 23;
  static constexpr std::string_view name = "hard_sigmoid";
  static constexpr auto fields() {
    return std::tuple{field("alpha", &HardSigmoid::alpha), field("beta", &HardSigmoid::beta)};
  }
  bool operator==(const HardSigmoid&) const = default;
};

/// x times (x / 6 + 1/2 limited to [0, 1]) (MobileNetV3).
struct HardSwish {
  static constexpr uint8_t id = 24;
  static constexpr std::string_view name = "hard_swish";
  static constexpr auto fields() { return std::tuple{}; }
  bool operator==(const HardSwish&) const = default;
};

/// x where it is positive, else alpha (exp(x) - 1) (Clevert 2015).
struct Elu {
  float alpha = 1;
  static constexpr uint8_t id = 36;
  static constexpr std::string_view name = "elu";
  static constexpr auto fields() { return std::tuple{field("alpha", &Elu::alpha)}; }
  bool operator==(const Elu&) const = default;
};

/// log(1 + exp(x)); x tanh(softplus(x)) is Mish.
struct Softplus {
  static constexpr uint8_t id = 37;
  static constexpr std::string_view name = "softplus";
  static constexpr auto fields() { return std::tuple{}; }
  bool operator==(const Softplus&) const = default;
};

/// The error function; x/2 (1 + erf(x / sqrt(2))) is GELU.
struct Erf {
  static constexpr uint8_t id = 38;
  static constexpr std::string_view name = "erf";
  static constexpr auto fields() { return std::tuple{}; }
  bool operator==(const Erf&) const = default;
};

/// Arithmetic of two inputs, either of which may be a constant. Shapes broadcast as in numpy: aligned from
/// the right, and a dimension of 1 is repeated. Two computed inputs have the same number of dimensions and
/// the same batch; a constant has no batch: it has fewer dimensions than the other input, or 1 in the first.
struct Add {
  static constexpr uint8_t id = 12;
  static constexpr std::string_view name = "add";
  static constexpr auto fields() { return std::tuple{}; }
  bool operator==(const Add&) const = default;
};

/// x * y.
struct Mul {
  static constexpr uint8_t id = 16;
  static constexpr std::string_view name = "mul";
  static constexpr auto fields() { return std::tuple{}; }
  bool operator==(const Mul&) const = default;
};

/// x - y.
struct Sub {
  static constexpr uint8_t id = 17;
  static constexpr std::string_view name = "sub";
  static constexpr auto fields() { return std::tuple{}; }
  bool operator==(const Sub&) const = default;
};

/// x / y.
struct Div {
  static constexpr uint8_t id = 18;
  static constexpr std::string_view name = "div";
  static constexpr auto fields() { return std::tuple{}; }
  bool operator==(const Div&) const = default;
};

}  // namespace netsuke
