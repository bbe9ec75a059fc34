// Ops that only change the order of values, as strided views of one image.
#pragma once

#include "graph/op.h"
#include "kernels/elementwise/strided_copy.h"
#include "tensor/shape.h"

namespace netsuke::runtime {

/// For an input of shape `x` and an output of shape `y`, batch 1.
kernels::StridedView view_of(const Slice& op, const Shape& x, const Shape& y);
kernels::StridedView view_of(const Transpose& op, const Shape& x, const Shape& y);
kernels::StridedView view_of(const ChannelShuffle& op, const Shape& x, const Shape& y);
kernels::StridedView view_of(const DepthToSpace& op, const Shape& x, const Shape& y);

}  // namespace netsuke::runtime
