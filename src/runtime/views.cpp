#include "runtime/views.h"

namespace netsuke::runtime {
namespace {

using kernels::StridedView;

// How far apart neighbours in each dimension are.
std::vector<std::ptrdiff_t> steps_of(const Shape& shape) {
  std::vector<std::ptrdiff_t> steps(shape.size(), 1);
  for (size_t d = shape.size() - 1; d-- > 0;) steps[d] = steps[d + 1] * shape[d + 1];
  return steps;
}

// The dimensions `sizes` of an image in these steps.
StridedView view(const Shape& sizes, std::vector<std::ptrdiff_t> steps, std::ptrdiff_t first = 0) {
  return {{sizes.begin(), sizes.end()}, std::move(steps), first};
}

Shape without_batch(const Shape& shape) { return {shape.begin() + 1, shape.end()}; }

}  // namespace

StridedView view_of(const Slice& op, const Shape& x, const Shape& y) {
  std::vector<std::ptrdiff_t> steps = steps_of(x);
  const auto axis = static_cast<size_t>(op.axis);
  const std::ptrdiff_t first = op.begin * steps[axis];
  steps[axis] *= op.step;
  steps.erase(steps.begin());
  return view(without_batch(y), std::move(steps), first);
}

StridedView view_of(const Transpose& op, const Shape& x, const Shape& y) {
  const std::vector<std::ptrdiff_t> steps = steps_of(x);
  std::vector<std::ptrdiff_t> turned;
  for (size_t d = 1; d < y.size(); ++d) turned.push_back(steps[static_cast<size_t>(op.perm.values[d])]);
  return view(without_batch(y), std::move(turned));
}

StridedView view_of(const ChannelShuffle& op, const Shape& x, const Shape&) {
  const int64_t per_group = x[1] / op.groups, plane = x[2] * x[3];
  return view({per_group, op.groups, plane}, {plane, per_group * plane, 1});
}

StridedView view_of(const DepthToSpace& op, const Shape& x, const Shape& y) {
  const int64_t block = op.block, plane = x[2] * x[3], channels = y[1];
  const int64_t channel = op.crd ? block * block * plane : plane, column = op.crd ? plane : channels * plane;
  return view({channels, x[2], block, x[3], block}, {channel, x[3], block * column, 1, column});
}

}  // namespace netsuke::runtime
