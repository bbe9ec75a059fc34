#include "graph/ops/elementwise.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include "graph/ops/evaluation.h"
#include "graph/ops/shape_rules.h"

namespace netsuke::ops {

namespace {

template <class Body>
void map(const Tensor& x, Tensor& out, Body&& body) {
  std::transform(x.data.begin(), x.data.end(), out.data.begin(), body);
}

// True if a tensor of `from` can be repeated to fill `to`: aligned from the right, every dimension is equal
// or 1.
bool broadcasts(const Shape& from, const Shape& to) {
  if (from.size() > to.size()) return false;
  return std::equal(from.rbegin(), from.rend(), to.rbegin(),
                    [](int64_t a, int64_t b) { return a == b || a == 1; });
}

Shape broadcast_shape(const Shapes& in, const Site& site) {
  const bool first_is_longer = in[0].size() >= in[1].size();
  Shape out = first_is_longer ? in[0] : in[1];
  const Shape& shorter = first_is_longer ? in[1] : in[0];
  const size_t ahead = out.size() - shorter.size();
  for (size_t i = 0; i < shorter.size(); ++i)
    if (out[ahead + i] == 1) out[ahead + i] = shorter[i];
  fits(broadcasts(in[0], out) && broadcasts(in[1], out), site, "inputs are ", to_text(in[0]), " and ",
       to_text(in[1]), ", expected one shape, or dimensions of 1 that can be repeated");
  return out;
}

// `x` repeated to fill `shape`, element by element: where x has a dimension of 1, its index stays 0.
Tensor broadcast(const Tensor& x, const Shape& shape) {
  Tensor out(shape);
  const size_t ahead = shape.size() - x.shape.size();
  for (size_t i = 0; i < out.size(); ++i) {
    auto rest = static_cast<int64_t>(i);
    int64_t source = 0, step = 1;
    for (size_t d = shape.size(); d-- > ahead;) {
      const int64_t dim = x.dim(d - ahead);
      source += (dim == 1 ? 0 : rest % shape[d]) * step;
      rest /= shape[d], step *= dim;
    }
    out.data[i] = x.data[static_cast<size_t>(source)];
  }
  return out;
}

template <class Body>
void combine(const Arguments& in, Tensor& out, Body&& body) {
  const Tensor a = broadcast(*in[0], out.shape), b = broadcast(*in[1], out.shape);
  std::transform(a.data.begin(), a.data.end(), b.data.begin(), out.data.begin(), body);
}

float limited(float x, float low, float high) { return std::min(std::max(x, low), high); }

}  // namespace

Shape shape_of(const Relu&, const Shapes& in, const Site&) { return in[0]; }
Shape shape_of(const LeakyRelu&, const Shapes& in, const Site&) { return in[0]; }
Shape shape_of(const Sigmoid&, const Shapes& in, const Site&) { return in[0]; }
Shape shape_of(const Tanh&, const Shapes& in, const Site&) { return in[0]; }
Shape shape_of(const HardSigmoid&, const Shapes& in, const Site&) { return in[0]; }
Shape shape_of(const HardSwish&, const Shapes& in, const Site&) { return in[0]; }
Shape shape_of(const Elu&, const Shapes& in, const Site&) { return in[0]; }
Shape shape_of(const Softplus&, const Shapes& in, const Site&) { return in[0]; }
Shape shape_of(const Erf&, const Shapes& in, const Site&) { return in[0]; }
Shape shape_of(const Clip& op, const Shapes& in, const Site& site) {
  fits(op.min <= op.max, site, "min ", op.min, " is above max ", op.max);
  return in[0];
}
Shape shape_of(const PRelu&, const Shapes& in, const Site& site) {
  fits(broadcasts(in[1], in[0]), site, "slope is ", to_text(in[1]),
       ", which can't be repeated to fill an input of ", to_text(in[0]));
  return in[0];
}
Shape shape_of(const Add&, const Shapes& in, const Site& site) { return broadcast_shape(in, site); }
Shape shape_of(const Mul&, const Shapes& in, const Site& site) { return broadcast_shape(in, site); }
Shape shape_of(const Sub&, const Shapes& in, const Site& site) { return broadcast_shape(in, site); }
Shape shape_of(const Div&, const Shapes& in, const Site& site) { return broadcast_shape(in, site); }

void compute(const Relu&, const Arguments& in, Tensor& out) {
  map(*in[0], out, [](float x) { return std::max(x, 0.0f); });
}
void compute(const Clip& op, const Arguments& in, Tensor& out) {
  map(*in[0], out, [&](float x) { return std::clamp(x, op.min, op.max); });
}
void compute(const LeakyRelu& op, const Arguments& in, Tensor& out) {
  map(*in[0], out, [&](float x) { return x > 0 ? x : op.alpha * x; });
}
void compute(const PRelu&, const Arguments& in, Tensor& out) {
  combine(in, out, [](float x, float slope) { return x > 0 ? x : slope * x; });
}
void compute(const Sigmoid&, const Arguments& in, Tensor& out) {
  map(*in[0], out, [](float x) { return static_cast<float>(1 / (1 + std::exp(-static_cast<double>(x)))); });
}
void compute(const Tanh&, const Arguments& in, Tensor& out) {
  map(*in[0], out, [](float x) { return std::tanh(x); });
}
void compute(const HardSigmoid& op, const Arguments& in, Tensor& out) {
  map(*in[0], out, [&](float x) { return limited(op.alpha * x + op.beta, 0, 1); });
}
void compute(const HardSwish&, const Arguments& in, Tensor& out) {
  map(*in[0], out, [](float x) { return x * limited(x / 6 + 0.5f, 0, 1); });
}
void compute(const Elu& op, const Arguments& in, Tensor& out) {
  map(*in[0], out, [&](float x) { return x > 0 ? x : op.alpha * std::expm1(x); });
}
void compute(const Softplus&, const Arguments& in, Tensor& out) {
  map(*in[0], out, [](float x) { return std::max(x, 0.0f) + std::log1p(std::exp(-std::abs(x))); });
}
void compute(const Erf&, const Arguments& in, Tensor& out) {
  map(*in[0], out, [](float x) { return std::erf(x); });
}
void compute(const Add&, const Arguments& in, Tensor& out) { combine(in, out, std::plus<float>()); }
void compute(const Mul&, const Arguments& in, Tensor& out) { combine(in, out, std::multiplies<float>()); }
void compute(const Sub&, const Arguments& in, Tensor& out) { combine(in, out, std::minus<float>()); }
void compute(const Div&, const Arguments& in, Tensor& out) { combine(in, out, std::divides<float>()); }

}  // namespace netsuke::ops
