// Arithmetic on what is known: the chains of Shape, Gather and Concat that exporters write around a Reshape.
#include "onnx/fold.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "onnx/resolve.h"

namespace netsuke::onnx {
namespace {

Shape broadcast_shape(const Site& site, const Shape& a, const Shape& b) {
  Shape out(std::max(a.size(), b.size()));
  for (size_t d = 0; d < out.size(); ++d) {
    const int64_t x = d < a.size() ? a[a.size() - 1 - d] : 1, y = d < b.size() ? b[b.size() - 1 - d] : 1;
    if (x != y && x != 1 && y != 1)
      site.refuse("constants of ", to_text(a), " and ", to_text(b), " do not broadcast");
    out[out.size() - 1 - d] = x == 1 ? y : x;
  }
  return out;
}

/// Where element i of the broadcast result lies in an operand of `shape`.
size_t broadcast_index(size_t i, const Shape& result, const Shape& shape) {
  const auto at = coordinates(i, result);
  const auto strides = strides_of(shape);
  size_t index = 0;
  for (size_t d = 0; d < shape.size(); ++d)
    if (shape[d] != 1) index += at[d + at.size() - shape.size()] * strides[d];
  return index;
}

Constant expanded(Site& site, const Constant& x, const Shape& shape) {
  const Shape result = broadcast_shape(site, x.shape, shape);
  return gather(site, x, result, [&](size_t i) { return broadcast_index(i, result, x.shape); });
}

/// The whole number towards zero; refuses what is beyond the integers that a double tells apart.
int64_t whole(Site& site, double value) {
  if (!(std::abs(value) <= 0x1p53))
    site.refuse("an integer constant becomes ", value, ", at most 2^53 is accepted");
  return static_cast<int64_t>(value);
}

using Binary = double (*)(double, double);

Constant combined(Site& site, const Constant& left, const Constant& right, Binary apply) {
  const Shape shape = broadcast_shape(site, left.shape, right.shape);
  const Constant a = expanded(site, left, shape), b = expanded(site, right, shape);
  const size_t count = a.size();
  site.spend(shape);
  if (a.is_integer() && b.is_integer()) {
    std::vector<int64_t> ints(count);
    for (size_t i = 0; i < count; ++i) ints[i] = whole(site, apply(a.at(i), b.at(i)));
    return int_constant(shape, std::move(ints));
  }
  std::vector<float> values(count);
  for (size_t i = 0; i < count; ++i) values[i] = static_cast<float>(apply(a.at(i), b.at(i)));
  return float_constant(shape, std::move(values));
}

Constant binary(Site& site, Binary apply) {
  return combined(site, site.constant(0, "a"), site.constant(1, "b"), apply);
}

/// Of one input or more.
Constant several(Site& site, Binary apply) {
  Constant result = site.constant(0, "a");
  for (size_t i = 1; i < site.input_count(); ++i)
    result = combined(site, result, site.constant(i, "an input"), apply);
  return result;
}

Constant unary(Site& site, double (*apply)(double)) {
  const Constant& x = site.constant(0, "x");
  Constant out{x.shape, nullptr, {}};
  std::vector<float> values;
  for (size_t i = 0; i < x.size(); ++i) {
    const double value = apply(x.at(i));
    if (x.is_integer())
      out.ints.push_back(whole(site, value));
    else
      values.push_back(static_cast<float>(value));
  }
  return x.is_integer() ? out : float_constant(x.shape, std::move(values));
}

Constant cast_constant(Site& site) {
  const Constant& x = site.constant(0, "x");
  site.ignore("saturate");
  switch (site.integer("to", 0)) {
    case pb::TensorProto::FLOAT:
    case pb::TensorProto::DOUBLE:
    case pb::TensorProto::FLOAT16:
    case pb::TensorProto::BFLOAT16:
      return x.is_integer() ? float_constant(x.shape, to_floats(x)) : x;
    case pb::TensorProto::BOOL: {
      std::vector<int64_t> truths(x.size());
      for (size_t i = 0; i < truths.size(); ++i) truths[i] = x.at(i) != 0;
      return int_constant(x.shape, std::move(truths));
    }
    default: {
      if (x.is_integer()) return x;
      std::vector<int64_t> ints(x.size());
      for (size_t i = 0; i < ints.size(); ++i) ints[i] = whole(site, x.at(i));
      return int_constant(x.shape, std::move(ints));
    }
  }
}

/// (x - zero) x scale, with one scale for all or one for each index along an axis.
Constant fold_dequantize(Site& site) {
  const Constant &x = site.constant(0, "x"), &scale = site.constant(1, "scale");
  if (site.integer("block_size", 0) != 0) site.refuse("scales of blocks are not supported");
  const bool one = scale.size() == 1;
  const int64_t asked = site.integer("axis", 1);  // means nothing where there is one scale
  const size_t axis = one ? 0 : site.axis(asked, x.shape.size());
  if (!one && scale.shape != Shape{x.shape[axis]})
    site.refuse("scales of ", to_text(scale.shape), " for ", to_text(x.shape), " along axis ", axis);
  const Constant* zero = site.has_input(2) ? &site.constant(2, "zero point") : nullptr;
  if (zero && zero->size() != scale.size())
    site.refuse(zero->size(), " zero points for ", scale.size(), " scales");
  site.spend(x.shape);
  const size_t inner = one ? 1 : strides_of(x.shape)[axis];
  std::vector<float> values(x.size());
  for (size_t i = 0; i < values.size(); ++i) {
    const size_t k = i / inner % scale.size();
    values[i] = static_cast<float>(x.at(i) - (zero ? zero->at(k) : 0)) * static_cast<float>(scale.at(k));
  }
  return float_constant(x.shape, std::move(values));
}

Constant fold_range(Site& site) {
  const Constant &first = site.constant(0, "start"), &end = site.constant(1, "limit"),
                 &step = site.constant(2, "delta");
  if (first.size() != 1 || end.size() != 1 || step.size() != 1 || step.at(0) == 0)
    site.refuse("start, limit or delta");
  const double count = std::max(0.0, std::ceil((end.at(0) - first.at(0)) / step.at(0)));
  if (!(count <= kMostFolded)) site.refuse("a range of ", count, " numbers is too long to fold");
  site.spend({static_cast<int64_t>(count)});
  std::vector<double> all;
  for (double i = 0; i < count; ++i) all.push_back(first.at(0) + i * step.at(0));
  const Shape shape{static_cast<int64_t>(all.size())};
  std::vector<int64_t> ints;
  if (first.is_integer())
    for (double value : all) ints.push_back(whole(site, value));
  return first.is_integer() ? int_constant(shape, std::move(ints))
                            : float_constant(shape, {all.begin(), all.end()});
}

Constant fold_where(Site& site) {
  const Shape shape =
      broadcast_shape(site, broadcast_shape(site, site.shape(0), site.shape(1)), site.shape(2));
  const Constant condition = expanded(site, site.constant(0, "condition"), shape);
  const Constant yes = expanded(site, site.constant(1, "x"), shape),
                 no = expanded(site, site.constant(2, "y"), shape);
  Assembly all(yes.is_integer() && no.is_integer());
  for (size_t i = 0; i < condition.size(); ++i) all.add(condition.at(i) != 0 ? yes : no, i);
  return all.finish(site, shape);
}

Constant fold_product(Site& site) {
  const Constant& x = site.constant(0, "data");
  site.ignore("axes");
  const bool keep = site.integer("keepdims", 1) != 0;
  if (x.shape.size() != 1)
    site.refuse("a product of a constant of ", to_text(x.shape), ", expected a vector");
  double product = 1;
  for (size_t i = 0; i < x.size(); ++i) product *= x.at(i);
  if (!(std::abs(product) < 9e15)) site.refuse("a product of ", product);
  const Shape shape = keep ? Shape{1} : Shape{};
  return x.is_integer() ? int_constant(shape, {static_cast<int64_t>(product)})
                        : float_constant(shape, {static_cast<float>(product)});
}

/// Over axes of a constant, as weights are standardised and normed: what `add` makes of all elements, then
/// `finish` of that and their number.
Constant fold_reduction(Site& site, double (*add)(double, double), double (*finish)(double, double)) {
  const Constant& x = site.constant(0, "data");
  const Reduction r = reduction_of(site);
  if (r.nothing) return x;
  Reduction kept = r;
  kept.keep = true;
  const Shape shape = reduced_shape(x.shape, kept);
  site.spend(x.shape);
  const auto count = static_cast<size_t>(element_count(shape));
  std::vector<double> sums(count);
  for (size_t i = 0; i < x.size(); ++i) {
    size_t place = 0, rest = i, stride = 1;
    for (size_t d = shape.size(); d-- > 0;) {
      const auto side = static_cast<size_t>(x.shape[d]);
      if (shape[d] == x.shape[d]) place += rest % side * stride;
      rest /= side, stride *= static_cast<size_t>(shape[d]);
    }
    sums[place] = add(sums[place], x.at(i));
  }
  const double each = count ? static_cast<double>(x.size()) / static_cast<double>(count) : 1;
  for (double& sum : sums) sum = finish(sum, each);
  const Shape result = reduced_shape(x.shape, r);
  if (!x.is_integer()) return float_constant(result, {sums.begin(), sums.end()});
  std::vector<int64_t> ints;
  for (double sum : sums) ints.push_back(whole(site, sum));
  return int_constant(result, std::move(ints));
}

double plus(double sum, double x) { return sum + x; }

Constant constant_node(Site& site) {
  for (const char* name : {"value_int", "value_ints"})
    if (site.has(name)) {
      const bool one = std::string_view(name) == "value_int";
      auto ints = one ? std::vector<int64_t>{site.integer(name, 0)} : site.integers(name);
      return int_constant(one ? Shape{} : Shape{static_cast<int64_t>(ints.size())}, std::move(ints));
    }
  for (const char* name : {"value_float", "value_floats"})
    if (site.has(name)) {
      const bool one = std::string_view(name) == "value_float";
      auto values = one ? std::vector<float>{site.number(name, 0)} : site.numbers(name);
      return float_constant(one ? Shape{} : Shape{static_cast<int64_t>(values.size())}, std::move(values));
    }
  const pb::TensorProto* tensor = site.tensor("value");
  if (!tensor) site.refuse("holds neither a tensor nor numbers");
  pb::TensorProto copy = *tensor;
  return take_constant(copy, {});
}

Constant constant_of_shape(Site& site) {
  const Shape shape = integers(site.constant(0, "shape"), site.where());
  Constant value = float_constant({1}, {0});
  if (const pb::TensorProto* tensor = site.tensor("value")) {
    pb::TensorProto copy = *tensor;
    value = take_constant(copy, {});
  }
  if (value.size() != 1) site.refuse("value has ", value.size(), " elements, expected one");
  return gather(site, value, shape, [](size_t) { return size_t{0}; });
}

struct Folder {
  std::string_view op;
  Constant (*fold)(Site&);
  bool only_constants = false;  ///< such a node is never part of the network itself
};

constexpr Folder kFolders[] = {
    {"Abs", [](Site& s) { return unary(s, [](double x) { return std::abs(x); }); }, true},
    {"Add", [](Site& s) { return binary(s, [](double a, double b) { return a + b; }); }},
    {"Cast", cast_constant},
    {"Ceil", [](Site& s) { return unary(s, [](double x) { return std::ceil(x); }); }, true},
    {"Concat", fold_concat},
    {"Constant", constant_node, true},
    {"ConstantOfShape", constant_of_shape, true},
    {"DequantizeLinear", fold_dequantize, true},
    {"Div", [](Site& s) { return binary(s, [](double a, double b) { return a / b; }); }},
    {"Equal", [](Site& s) { return binary(s, [](double a, double b) { return a == b ? 1.0 : 0.0; }); }, true},
    {"Expand",
     [](Site& s) { return expanded(s, s.constant(0, "x"), integers(s.constant(1, "shape"), s.where())); }},
    {"Flatten", fold_flatten},
    {"Floor", [](Site& s) { return unary(s, [](double x) { return std::floor(x); }); }, true},
    {"Gather", fold_gather, true},
    {"Identity", [](Site& s) { return s.constant(0, "x"); }},
    {"Max", [](Site& s) { return several(s, [](double a, double b) { return std::max(a, b); }); }},
    {"Min", [](Site& s) { return several(s, [](double a, double b) { return std::min(a, b); }); }},
    {"Mul", [](Site& s) { return binary(s, [](double a, double b) { return a * b; }); }},
    {"Neg", [](Site& s) { return unary(s, [](double x) { return -x; }); }},
    {"Range", fold_range, true},
    {"Reciprocal", [](Site& s) { return unary(s, [](double x) { return 1 / x; }); }, true},
    {"Pow", [](Site& s) { return binary(s, [](double a, double b) { return std::pow(a, b); }); }},
    {"ReduceL2",
     [](Site& s) {
       return fold_reduction(
           s, [](double sum, double x) { return sum + x * x; },
           [](double sum, double) { return std::sqrt(sum); });
     },
     true},
    {"ReduceMean",
     [](Site& s) { return fold_reduction(s, plus, [](double sum, double count) { return sum / count; }); }},
    {"ReduceProd", fold_product, true},
    {"ReduceSum", [](Site& s) { return fold_reduction(s, plus, [](double sum, double) { return sum; }); }},
    {"Reshape", fold_reshape},
    {"Shape", fold_shape, true},
    {"Slice", fold_slice},
    {"Sqrt", [](Site& s) { return unary(s, [](double x) { return std::sqrt(x); }); }, true},
    {"Squeeze", fold_squeeze},
    {"Sub", [](Site& s) { return binary(s, [](double a, double b) { return a - b; }); }},
    {"Transpose", fold_transpose},
    {"Unsqueeze", fold_unsqueeze},
    {"Where", fold_where, true},
};

const Folder* find_folder(std::string_view op) {
  for (const Folder& row : kFolders)
    if (row.op == op) return &row;
  return nullptr;
}

}  // namespace

bool folds_only(std::string_view op) {
  const Folder* row = find_folder(op);
  return row && row->only_constants;
}

std::optional<Constant> fold(Site& site) {
  const Folder* row = find_folder(site.op());
  // The shape of what flows is known although its values are not.
  if (!row || (!site.all_constant() && site.op() != "Shape")) return std::nullopt;
  return row->fold(site);
}

}  // namespace netsuke::onnx
