// What shape every value has.
#pragma once

#include <vector>

#include "graph/graph.h"

namespace netsuke {

/// The output shape of one op on inputs of these shapes (NCHW, NC, weights as op.h says).
/// Throws Error(input) naming `node`, what was found and what would fit.
Shape output_shape(const Op& op, const std::vector<Shape>& inputs, std::string_view node);

/// Shapes of all values for this batch size, indexed by ValueId. Throws Error(input) naming the first node
/// that does not fit.
std::vector<Shape> infer_shapes(const Graph& graph, int64_t batch = 1);

/// True for a convolution whose every filter sees one channel: `weight` is out x in / groups x kh x kw.
bool is_depthwise(const Conv2d& op, const Shape& weight);

/// The first input's channels, height and width; empty for networks that do not take images.
Shape image_shape(const Graph& graph);

/// How many numbers the first output has for one image: the classes of a classifier.
int64_t output_count(const Graph& graph);

/// Output length of a window of `kernel` (dilated) over `size` elements: floor or ceil of
/// (size + pads - extent) / stride + 1; with ceil, a window that would start in the far padding is dropped.
int64_t window_count(int64_t size, int kernel, int stride, int dilation, int pad_before, int pad_after,
                     bool ceil);

}  // namespace netsuke
