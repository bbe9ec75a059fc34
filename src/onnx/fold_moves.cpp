// Constants whose values are moved about: slices, transposes, joins, new shapes.
#include <algorithm>
#include <numeric>

#include "onnx/fold.h"
#include "onnx/resolve.h"

namespace netsuke::onnx {

Constant gather(Site& site, const Constant& source, Shape shape, const std::function<size_t(size_t)>& index) {
  site.spend(shape);
  Constant out{shape, nullptr, {}};
  const size_t count = out.size();
  if (source.is_integer()) {
    for (size_t i = 0; i < count; ++i) out.ints.push_back(source.ints[index(i)]);
    return out;
  }
  std::vector<float> values(count);
  for (size_t i = 0; i < count; ++i) values[i] = source.values()[index(i)];
  return float_constant(std::move(shape), std::move(values));
}

std::vector<size_t> strides_of(const Shape& shape) {
  std::vector<size_t> strides(shape.size(), 1);
  for (size_t d = shape.size(); d-- > 1;) strides[d - 1] = strides[d] * static_cast<size_t>(shape[d]);
  return strides;
}

std::vector<size_t> coordinates(size_t i, const Shape& shape) {
  std::vector<size_t> at(shape.size());
  for (size_t d = shape.size(); d-- > 0;)
    at[d] = i % static_cast<size_t>(shape[d]), i /= static_cast<size_t>(shape[d]);
  return at;
}

Constant fold_gather(Site& site) {
  const Constant& x = site.constant(0, "data");
  const Constant& which = site.constant(1, "indices");
  const size_t axis = site.axis(site.integer("axis", 0), x.shape.size());
  const std::vector<int64_t>& indices = integers(which, site.where());
  for (int64_t index : indices)
    if (index < -x.shape[axis] || index >= x.shape[axis]) site.refuse("index ", index, " of ", x.shape[axis]);
  Shape shape(x.shape.begin(), x.shape.begin() + static_cast<std::ptrdiff_t>(axis));
  shape.insert(shape.end(), which.shape.begin(), which.shape.end());
  shape.insert(shape.end(), x.shape.begin() + static_cast<std::ptrdiff_t>(axis) + 1, x.shape.end());
  const size_t inner = strides_of(x.shape)[axis], length = static_cast<size_t>(x.shape[axis]);
  return gather(site, x, shape, [&](size_t i) {
    const size_t outer = i / (inner * indices.size());
    const int64_t index = indices[i / inner % indices.size()];
    const size_t row = static_cast<size_t>(index < 0 ? index + x.shape[axis] : index);
    return (outer * length + row) * inner + i % inner;
  });
}

Constant fold_concat(Site& site) {
  const Constant& first = site.constant(0, "x");
  const size_t axis = site.axis(site.integer("axis", 0), first.shape.size());
  Shape shape = first.shape;
  shape[axis] = 0;
  bool integer = true;
  for (size_t i = 0; i < site.input_count(); ++i) {
    const Constant& x = site.constant(i, "x");
    if (x.shape.size() != shape.size())
      site.refuse("joins ", to_text(first.shape), " and ", to_text(x.shape));
    shape[axis] += x.shape[axis];
    integer = integer && x.is_integer();
  }
  site.spend(shape);
  Assembly all(integer);
  const size_t outer =
      std::accumulate(shape.begin(), shape.begin() + static_cast<std::ptrdiff_t>(axis), size_t{1},
                      [](size_t a, int64_t b) { return a * static_cast<size_t>(b); });
  for (size_t o = 0; o < outer; ++o)
    for (size_t i = 0; i < site.input_count(); ++i) {
      const Constant& x = site.constant(i, "x");
      const size_t row = x.size() / outer;
      for (size_t k = 0; k < row; ++k) all.add(x, o * row + k);
    }
  return all.finish(site, shape);
}

Constant fold_transpose(Site& site) {
  const Constant& x = site.constant(0, "x");
  std::vector<int64_t> order(x.shape.size());
  std::iota(order.rbegin(), order.rend(), 0);
  order = site.integers("perm", order);
  Shape shape;
  std::vector<bool> seen(x.shape.size());
  for (int64_t& d : order) {
    const size_t axis = site.axis(d, x.shape.size());
    if (seen[axis]) site.refuse("perm names an axis twice");
    seen[axis] = true;
    shape.push_back(x.shape[axis]);
    d = static_cast<int64_t>(axis);
  }
  if (shape.size() != x.shape.size()) site.refuse("perm has ", shape.size(), " axes of ", x.shape.size());
  const auto strides = strides_of(x.shape);
  return gather(site, x, shape, [&](size_t i) {
    const auto at = coordinates(i, shape);
    size_t index = 0;
    for (size_t d = 0; d < at.size(); ++d) index += at[d] * strides[static_cast<size_t>(order[d])];
    return index;
  });
}

Constant fold_slice(Site& site) {
  const Constant& x = site.constant(0, "data");
  Constant out = x;
  for (const SliceRange& range : resolve_slices(site, x.shape)) {
    Shape shape = out.shape;
    shape[range.axis] = range.count;
    const Constant from = out;
    const auto strides = strides_of(from.shape);
    out = gather(site, from, shape, [&](size_t i) {
      const auto at = coordinates(i, shape);
      size_t index = 0;
      for (size_t d = 0; d < at.size(); ++d)
        index += strides[d] * (d == range.axis ? range.element(at[d]) : at[d]);
      return index;
    });
  }
  return out;
}

Constant fold_shape(Site& site) {
  const Shape& shape = site.shape(0);
  const auto rank = static_cast<int64_t>(shape.size());
  const auto clamp = [&](int64_t i) { return std::clamp<int64_t>(i < 0 ? i + rank : i, 0, rank); };
  const int64_t first = clamp(site.integer("start", 0)),
                end = std::max(first, clamp(site.integer("end", rank)));
  return int_constant({end - first}, {shape.begin() + first, shape.begin() + end});
}

Constant fold_reshape(Site& site) {
  const Constant& x = site.constant(0, "data");
  return reshaped(x, resolve_reshape(site, x.shape, integers(site.constant(1, "shape"), site.where())));
}

Constant fold_flatten(Site& site) { return reshaped(site.constant(0, "data"), flattened_shape(site)); }
Constant fold_squeeze(Site& site) { return reshaped(site.constant(0, "data"), squeezed_shape(site)); }
Constant fold_unsqueeze(Site& site) { return reshaped(site.constant(0, "data"), unsqueezed_shape(site)); }

}  // namespace netsuke::onnx
