// What the shape operators mean for a tensor of a given shape, alike for constants and for what flows.
#pragma once

#include "onnx/site.h"

namespace netsuke::onnx {

/// Elements begin, begin + step, ... of an axis, `count` of them.
struct SliceRange {
  size_t axis = 0;
  int64_t begin = 0, step = 1, count = 0;
  size_t element(size_t i) const { return static_cast<size_t>(begin + static_cast<int64_t>(i) * step); }
};

/// The node's starts, ends, axes and steps (attributes first, inputs since opset 10), for input 0 of `shape`.
std::vector<SliceRange> resolve_slices(Site& site, const Shape& shape);

/// Reshape's target with 0 (as it was, unless allowzero) and -1 (what is left) filled in.
Shape resolve_reshape(Site& site, const Shape& from, const std::vector<int64_t>& target);

/// The shape of input 0 after the node, which is a Flatten, a Squeeze or an Unsqueeze.
Shape flattened_shape(Site& site);
Shape squeezed_shape(Site& site);
Shape unsqueezed_shape(Site& site);

/// What a Reduce... node reduces, and whether its axes stay with one element each.
struct Reduction {
  std::vector<int64_t> axes;  ///< ascending
  bool keep = true, nothing = false;
};
/// That of the node, whose axes are an attribute or its input 1. No axes mean none where it says so, else
/// all.
Reduction reduction_of(Site& site);
/// What `before` becomes.
Shape reduced_shape(const Shape& before, const Reduction& r);

}  // namespace netsuke::onnx
