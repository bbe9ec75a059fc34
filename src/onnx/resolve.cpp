#include "onnx/resolve.h"

#include <algorithm>
#include <numeric>

namespace netsuke::onnx {
namespace {

SliceRange resolve(const Site& site, size_t axis, int64_t begin, int64_t end, int64_t step, int64_t length) {
  if (step == 0) site.refuse("a step of 0");
  if (step == INT64_MIN) site.refuse("a step of ", step);
  const auto resolved = [&](int64_t i, int64_t least, int64_t most) {
    return std::clamp(i < 0 ? i + length : i, least, most);
  };
  const auto elements = [](int64_t span, int64_t every) { return span > 0 ? (span - 1) / every + 1 : 0; };
  if (step > 0) {
    begin = resolved(begin, 0, length), end = resolved(end, 0, length);
    return {axis, begin, step, elements(end - begin, step)};
  }
  begin = resolved(begin, -1, length - 1);
  end = end < -length ? -1 : resolved(end, -1, length - 1);
  return {axis, begin, step, elements(begin - end, -step)};
}

}  // namespace

std::vector<SliceRange> resolve_slices(Site& site, const Shape& shape) {
  const auto begins = site.integers_of(1, "starts"), ends = site.integers_of(2, "ends");
  std::vector<int64_t> axes(begins.size());
  std::iota(axes.begin(), axes.end(), 0);
  axes = site.integers_of(3, "axes", axes);
  const auto steps = site.integers_of(4, "steps", std::vector<int64_t>(begins.size(), 1));
  if (begins.size() != ends.size() || begins.size() != axes.size() || begins.size() != steps.size())
    site.refuse("starts, ends, axes and steps have ", begins.size(), ", ", ends.size(), ", ", axes.size(),
                " and ", steps.size(), " entries, expected as many of each");
  std::vector<SliceRange> ranges;
  for (size_t k = 0; k < axes.size(); ++k) {
    const size_t axis = site.axis(axes[k], shape.size());
    for (const SliceRange& range : ranges)
      if (range.axis == axis) site.refuse("axes names axis ", axis, " twice");
    ranges.push_back(resolve(site, axis, begins[k], ends[k], steps[k], shape[axis]));
  }
  return ranges;
}

Shape resolve_reshape(Site& site, const Shape& from, const std::vector<int64_t>& target) {
  const bool zero_is_zero = site.integer("allowzero", 0) != 0;
  if (target.size() > kMaxRank) site.refuse("a shape of ", target.size(), " dimensions");
  Shape shape = target;
  int64_t open = -1, known = 1;
  for (size_t d = 0; d < shape.size(); ++d) {
    if (shape[d] == 0 && !zero_is_zero) {
      if (d >= from.size()) site.refuse("dimension ", d, " is to be kept, the input is ", to_text(from));
      shape[d] = from[d];
    }
    if (shape[d] == -1) {
      if (open >= 0) site.refuse("two dimensions are -1");
      open = static_cast<int64_t>(d);
      continue;
    }
    if (shape[d] < 0 || shape[d] > kMaxElements) site.refuse("a dimension of ", shape[d]);
    known = element_count({known, shape[d]});
  }
  const int64_t all = element_count(from);
  if (open >= 0) {
    if (known == 0 || all % known != 0)
      site.refuse("an input of ", to_text(from), " does not fill the shape");
    shape[static_cast<size_t>(open)] = all / known;
  }
  if (element_count(shape) != all)
    site.refuse("an input of ", to_text(from), " reshaped to ", to_text(shape));
  return shape;
}

Shape flattened_shape(Site& site) {
  const Shape& from = site.shape();
  const auto rank = static_cast<int64_t>(from.size());
  const int64_t wanted = site.integer("axis", 1);
  const auto axis = wanted == rank ? from.size() : site.axis(wanted, from.size());
  const auto middle = from.begin() + static_cast<std::ptrdiff_t>(axis);
  return {element_count(Shape(from.begin(), middle)), element_count(Shape(middle, from.end()))};
}

Shape squeezed_shape(Site& site) {
  const Shape& from = site.shape();
  std::vector<bool> gone(from.size());
  const std::vector<int64_t> axes = site.integers_of(1, "axes");
  for (int64_t a : axes) {
    const size_t axis = site.axis(a, from.size());
    if (from[axis] != 1) site.refuse("axis ", a, " of ", to_text(from), " is not 1");
    gone[axis] = true;
  }
  if (axes.empty())
    for (size_t d = 0; d < from.size(); ++d) gone[d] = from[d] == 1;
  Shape shape;
  for (size_t d = 0; d < from.size(); ++d)
    if (!gone[d]) shape.push_back(from[d]);
  return shape;
}

Shape unsqueezed_shape(Site& site) {
  const Shape& from = site.shape();
  const std::vector<int64_t> axes = site.integers_of(1, "axes");
  const size_t rank = from.size() + axes.size();
  if (rank > kMaxRank) site.refuse("a result of ", rank, " dimensions");
  std::vector<bool> added(rank);
  for (int64_t a : axes) {
    const size_t axis = site.axis(a, rank);
    if (added[axis]) site.refuse("axis ", a, " is named twice");
    added[axis] = true;
  }
  Shape shape;
  auto next = from.begin();
  for (size_t d = 0; d < rank; ++d) shape.push_back(added[d] ? 1 : *next++);
  return shape;
}

Reduction reduction_of(Site& site) {
  Reduction r;
  r.keep = site.integer("keepdims", 1) != 0;
  const bool none_means_none = site.integer("noop_with_empty_axes", 0) != 0;
  r.axes = site.integers_of(1, "axes");
  r.nothing = r.axes.empty() && none_means_none;
  if (r.axes.empty() && !r.nothing)
    for (int64_t d = 0; d < std::ssize(site.shape()); ++d) r.axes.push_back(d);
  for (int64_t& a : r.axes) a = static_cast<int64_t>(site.axis(a, site.shape().size()));
  std::sort(r.axes.begin(), r.axes.end());
  if (std::adjacent_find(r.axes.begin(), r.axes.end()) != r.axes.end()) site.refuse("an axis is named twice");
  return r;
}

Shape reduced_shape(const Shape& before, const Reduction& r) {
  Shape shape;
  for (int64_t d = 0; d < std::ssize(before); ++d) {
    const bool reduced = std::find(r.axes.begin(), r.axes.end(), d) != r.axes.end();
    if (!reduced || r.keep) shape.push_back(reduced ? 1 : before[static_cast<size_t>(d)]);
  }
  return shape;
}

}  // namespace netsuke::onnx
