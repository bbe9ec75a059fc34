// Constants computed from constants. Every function is one kind of node, whose inputs are all known.
#pragma once

#include <functional>

#include "onnx/site.h"

namespace netsuke::onnx {

/// Builds a constant of `shape` whose element i is source[index(i)], of the source's type.
Constant gather(Site& site, const Constant& source, Shape shape, const std::function<size_t(size_t)>& index);

/// How far apart in memory neighbours along each axis lie.
std::vector<size_t> strides_of(const Shape& shape);
/// Coordinates of flat index i.
std::vector<size_t> coordinates(size_t i, const Shape& shape);

/// A constant put together element by element; integers keep all of their 64 bits.
class Assembly {
 public:
  explicit Assembly(bool integer) : integer_(integer) {}
  void add(const Constant& from, size_t i) {
    if (integer_)
      ints_.push_back(from.ints[i]);
    else
      values_.push_back(static_cast<float>(from.at(i)));
  }
  Constant finish(Site& site, const Shape& shape) {
    if (std::cmp_not_equal(integer_ ? ints_.size() : values_.size(), element_count(shape)))
      site.refuse("puts together tensors that do not fill ", to_text(shape));
    return integer_ ? int_constant(shape, std::move(ints_)) : float_constant(shape, std::move(values_));
  }

 private:
  bool integer_;
  std::vector<int64_t> ints_;
  std::vector<float> values_;
};

// The same values, moved about (fold_moves.cpp).
Constant fold_concat(Site& site);
Constant fold_flatten(Site& site);
Constant fold_gather(Site& site);
Constant fold_reshape(Site& site);
Constant fold_shape(Site& site);
Constant fold_slice(Site& site);
Constant fold_squeeze(Site& site);
Constant fold_transpose(Site& site);
Constant fold_unsqueeze(Site& site);

}  // namespace netsuke::onnx
