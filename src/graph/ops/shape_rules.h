// The shape rule of every op. Where op.h gets a new op, one line here and one in evaluation.h say what it
// needs; the rules of a family stand together in its source file (convolution.cpp, pool.cpp, ...).
#pragma once

#include <string_view>
#include <vector>

#include "base/error.h"
#include "graph/op.h"
#include "tensor/shape.h"

namespace netsuke::ops {

using Shapes = std::vector<Shape>;

/// What a check needs to say where it failed.
struct Site {
  std::string_view node;
  std::string_view op;
};

template <class... Parts>
void fits(bool ok, const Site& site, const Parts&... parts) {
  require(ok, "node ", site.node, " (", site.op, "): ", parts...);
}

inline void require_rank(const Shape& shape, size_t rank, const Site& site) {
  fits(shape.size() == rank, site, "input is ", to_text(shape), ", expected ", rank, " dimensions");
}
inline void require_least_rank(const Shape& shape, size_t rank, const Site& site) {
  fits(shape.size() >= rank, site, "input is ", to_text(shape), ", expected ", rank, " dimensions or more");
}

/// Input `index`, if there is one, is a vector of `length`.
inline void require_vector(const Shapes& in, size_t index, int64_t length, const Site& site) {
  if (index >= in.size()) return;
  fits(in[index] == Shape{length}, site, "input ", index, " is ", to_text(in[index]), ", expected ", length);
}

/// One of the numbers 0 to `last` that stand for a mode.
inline void require_mode(std::string_view what, int mode, int last, const Site& site) {
  fits(mode >= 0 && mode <= last, site, what, " is ", mode, ", expected 0 to ", last);
}

Shape shape_of(const Sign& op, const Shapes& in, const Site& site);
Shape shape_of(const InputScale& op, const Shapes& in, const Site& site);

Shape shape_of(const Conv2d& op, const Shapes& in, const Site& site);
Shape shape_of(const ConvTranspose2d& op, const Shapes& in, const Site& site);
Shape shape_of(const Linear& op, const Shapes& in, const Site& site);

Shape shape_of(const Relu& op, const Shapes& in, const Site& site);
Shape shape_of(const Clip& op, const Shapes& in, const Site& site);
Shape shape_of(const LeakyRelu& op, const Shapes& in, const Site& site);
Shape shape_of(const PRelu& op, const Shapes& in, const Site& site);
Shape shape_of(const Sigmoid& op, const Shapes& in, const Site& site);
Shape shape_of(const Tanh& op, const Shapes& in, const Site& site);
Shape shape_of(const HardSigmoid& op, const Shapes& in, const Site& site);
Shape shape_of(const HardSwish& op, const Shapes& in, const Site& site);
Shape shape_of(const Elu& op, const Shapes& in, const Site& site);
Shape shape_of(const Softplus& op, const Shapes& in, const Site& site);
Shape shape_of(const Erf& op, const Shapes& in, const Site& site);
Shape shape_of(const Add& op, const Shapes& in, const Site& site);
Shape shape_of(const Mul& op, const Shapes& in, const Site& site);
Shape shape_of(const Sub& op, const Shapes& in, const Site& site);
Shape shape_of(const Div& op, const Shapes& in, const Site& site);

Shape shape_of(const BatchNorm& op, const Shapes& in, const Site& site);
Shape shape_of(const LayerNorm& op, const Shapes& in, const Site& site);
Shape shape_of(const GroupNorm& op, const Shapes& in, const Site& site);
Shape shape_of(const Lrn& op, const Shapes& in, const Site& site);
Shape shape_of(const Softmax& op, const Shapes& in, const Site& site);
Shape shape_of(const LogSoftmax& op, const Shapes& in, const Site& site);
Shape shape_of(const Dropout& op, const Shapes& in, const Site& site);

Shape shape_of(const MaxPool& op, const Shapes& in, const Site& site);
Shape shape_of(const AvgPool& op, const Shapes& in, const Site& site);
Shape shape_of(const GlobalAvgPool& op, const Shapes& in, const Site& site);
Shape shape_of(const GlobalMaxPool& op, const Shapes& in, const Site& site);

Shape shape_of(const Flatten& op, const Shapes& in, const Site& site);
Shape shape_of(const Reshape& op, const Shapes& in, const Site& site);
Shape shape_of(const Transpose& op, const Shapes& in, const Site& site);
Shape shape_of(const Concat& op, const Shapes& in, const Site& site);
Shape shape_of(const Slice& op, const Shapes& in, const Site& site);
Shape shape_of(const Pad& op, const Shapes& in, const Site& site);
Shape shape_of(const Resize& op, const Shapes& in, const Site& site);
Shape shape_of(const ChannelShuffle& op, const Shapes& in, const Site& site);
Shape shape_of(const DepthToSpace& op, const Shapes& in, const Site& site);

}  // namespace netsuke::ops
