// The reference evaluation of every op. Written for reading: plain loops, sums in double. Speed is the
// runtime's business.
#pragma once

#include <algorithm>
#include <vector>

#include "graph/op.h"
#include "tensor/tensor.h"

namespace netsuke::ops {

using Arguments = std::vector<const Tensor*>;

/// Read access to an NCHW tensor by its four indices.
struct Image {
  const Tensor& t;
  float at(int64_t n, int64_t c, int64_t y, int64_t x) const {
    return t.data[static_cast<size_t>(((n * t.dim(1) + c) * t.dim(2) + y) * t.dim(3) + x)];
  }
  bool contains(int64_t y, int64_t x) const { return y >= 0 && y < t.dim(2) && x >= 0 && x < t.dim(3); }
};

/// Calls `body(n, c, y, x)` in row-major order and stores what it returns.
template <class Body>
void fill(Tensor& out, Body&& body) {
  size_t i = 0;
  for (int64_t n = 0; n < out.dim(0); ++n)
    for (int64_t c = 0; c < out.dim(1); ++c)
      for (int64_t y = 0; y < out.dim(2); ++y)
        for (int64_t x = 0; x < out.dim(3); ++x) out.data[i++] = static_cast<float>(body(n, c, y, x));
}

/// Elements of one channel of one image.
inline int64_t plane_of(const Shape& shape) { return element_count(Shape(shape.begin() + 2, shape.end())); }

void compute(const Sign& op, const Arguments& in, Tensor& out);
void compute(const InputScale& op, const Arguments& in, Tensor& out);

void compute(const Conv2d& op, const Arguments& in, Tensor& out);
void compute(const ConvTranspose2d& op, const Arguments& in, Tensor& out);
void compute(const Linear& op, const Arguments& in, Tensor& out);

void compute(const Relu& op, const Arguments& in, Tensor& out);
void compute(const Clip& op, const Arguments& in, Tensor& out);
void compute(const LeakyRelu& op, const Arguments& in, Tensor& out);
void compute(const PRelu& op, const Arguments& in, Tensor& out);
void compute(const Sigmoid& op, const Arguments& in, Tensor& out);
void compute(const Tanh& op, const Arguments& in, Tensor& out);
void compute(const HardSigmoid& op, const Arguments& in, Tensor& out);
void compute(const HardSwish& op, const Arguments& in, Tensor& out);
void compute(const Elu& op, const Arguments& in, Tensor& out);
void compute(const Softplus& op, const Arguments& in, Tensor& out);
void compute(const Erf& op, const Arguments& in, Tensor& out);
void compute(const Add& op, const Arguments& in, Tensor& out);
void compute(const Mul& op, const Arguments& in, Tensor& out);
void compute(const Sub& op, const Arguments& in, Tensor& out);
void compute(const Div& op, const Arguments& in, Tensor& out);

void compute(const BatchNorm& op, const Arguments& in, Tensor& out);
void compute(const LayerNorm& op, const Arguments& in, Tensor& out);
void compute(const GroupNorm& op, const Arguments& in, Tensor& out);
void compute(const Lrn& op, const Arguments& in, Tensor& out);
void compute(const Softmax& op, const Arguments& in, Tensor& out);
void compute(const LogSoftmax& op, const Arguments& in, Tensor& out);
void compute(const Dropout& op, const Arguments& in, Tensor& out);

void compute(const MaxPool& op, const Arguments& in, Tensor& out);
void compute(const AvgPool& op, const Arguments& in, Tensor& out);
void compute(const GlobalAvgPool& op, const Arguments& in, Tensor& out);
void compute(const GlobalMaxPool& op, const Arguments& in, Tensor& out);

void compute(const Flatten& op, const Arguments& in, Tensor& out);
void compute(const Reshape& op, const Arguments& in, Tensor& out);
void compute(const Transpose& op, const Arguments& in, Tensor& out);
void compute(const Concat& op, const Arguments& in, Tensor& out);
void compute(const Slice& op, const Arguments& in, Tensor& out);
void compute(const Pad& op, const Arguments& in, Tensor& out);
void compute(const Resize& op, const Arguments& in, Tensor& out);
void compute(const ChannelShuffle& op, const Arguments& in, Tensor& out);
void compute(const DepthToSpace& op, const Arguments& in, Tensor& out);

}  // namespace netsuke::ops
