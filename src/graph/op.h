// The closed set of operations. Each is a small struct of attributes that lists its fields once (ops/, one
// file a family); shapes, reference evaluation and cost are free functions over the variant (shapes.h,
// evaluate.h, cost.h).
#pragma once

#include <cstdint>
#include <string_view>
#include <variant>

#include "graph/ops/binary.h"
#include "graph/ops/convolution.h"
#include "graph/ops/elementwise.h"
#include "graph/ops/normalization.h"
#include "graph/ops/pool.h"
#include "graph/ops/rearrange.h"

namespace netsuke {

/// Ids are part of the file format: never reused, only added.
using AnyOp =
    std::variant<Conv2d, Linear, BatchNorm, Relu, Clip, MaxPool, AvgPool, GlobalAvgPool, Flatten, Softmax,
                 Dropout, Add, Concat, ChannelShuffle, Lrn, Mul, Sub, Div, LeakyRelu, PRelu, Sigmoid, Tanh,
                 HardSigmoid, HardSwish, LogSoftmax, GlobalMaxPool, Slice, Pad, Transpose, Reshape, Resize,
                 ConvTranspose2d, DepthToSpace, Sign, InputScale, Elu, Softplus, Erf, LayerNorm, GroupNorm>;

/// One of them. How to copy so many types is compiled once, in op.cpp, not wherever a graph is copied: that
/// takes clang with sanitizers four seconds.
struct Op : AnyOp {
  using AnyOp::AnyOp;
  Op() = default;
  Op(const Op& other);
  Op(Op&& other) noexcept;
  Op& operator=(const Op& other);
  Op& operator=(Op&& other) noexcept;
  ~Op();
  bool operator==(const Op& other) const;
};

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
