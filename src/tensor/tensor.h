// A dense array of floats in row-major order, for activations and for the slow, obvious code.
#pragma once

#include <vector>

#include "tensor/shape.h"

namespace netsuke {

struct Tensor {
  Shape shape;
  std::vector<float> data;  ///< element_count(shape) values, last dimension fastest

  Tensor() = default;
  explicit Tensor(Shape s) : shape(std::move(s)), data(static_cast<size_t>(element_count(shape))) {}
  Tensor(Shape s, std::vector<float> d) : shape(std::move(s)), data(std::move(d)) {}

  int64_t dim(size_t axis) const { return shape[axis]; }
  size_t size() const { return data.size(); }
  bool operator==(const Tensor&) const = default;
};

}  // namespace netsuke
