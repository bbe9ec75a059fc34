// Arithmetic, activations and softmax.
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "onnx/site.h"

namespace netsuke::onnx {
namespace {

template <class Op>
void plain(Site& site) {
  site.output(site.add(Op{}, {site.flowing()}));
}

template <class Op>
void with_alpha(Site& site) {
  Op op;
  op.alpha = site.number("alpha", op.alpha);
  site.output(site.add(op, {site.flowing()}));
}

void hard_sigmoid(Site& site) {
  HardSigmoid op;
  op.alpha = site.number("alpha", op.alpha), op.beta = site.number("beta", op.beta);
  site.output(site.add(op, {site.flowing()}));
}

/// Opset 6 has the limits as attributes, opset 11 as inputs.
void clip(Site& site) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const auto limit = [&](size_t i, const char* name, float fallback) {
    if (!site.has_input(i)) return site.number(name, fallback);
    return static_cast<float>(site.number_in(i, name));
  };
  // An exporter writes the largest float where it means no limit.
  const auto open = [](float v) { return std::abs(v) == std::numeric_limits<float>::max() ? v * 2 : v; };
  const float least = open(limit(1, "min", -kInfinity)), most = open(limit(2, "max", kInfinity));
  if (least == 0 && most == kInfinity) return plain<Relu>(site);
  site.output(site.add(Clip{least, most}, {site.flowing()}));
}

template <class Op>
void arithmetic(Site& site) {
  // Before opset 7 broadcasting was an attribute; what is left of it is a habit of exporters.
  site.ignore("axis"), site.ignore("broadcast");
  if (site.all_constant()) site.refuse("both inputs are constants");
  const ValueId a = site.value(0), b = site.value(1);
  site.output(site.add(Op{}, {a, b}));
}

void sum(Site& site) {
  if (site.input_count() == 1) return site.output(Flowing{site.flowing(), site.shape()});
  if (site.all_constant()) site.refuse("all inputs are constants");
  std::vector<size_t> order(site.input_count());  // what flows first: no node is of constants alone
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_partition(order.begin(), order.end(), [&](size_t i) { return !site.is_constant(i); });
  Flowing total;
  for (size_t i = 1; i < order.size(); ++i) {
    const ValueId left = i == 1 ? site.value(order[0]) : total.id;
    total = site.add(Add{}, {left, site.value(order[i])});
  }
  site.output(total);
}

/// One slope a channel was a list before opset 7, and some exporters have kept it. A list as long as the last
/// dimension is along that, as opset 7 has it.
void prelu(Site& site) {
  const ValueId x = site.flowing(0);
  const Shape &in = site.shape(0), slopes = site.shape(1);
  const bool is_list = slopes.size() == 1 && in.size() > 2 && slopes[0] == in[1] && slopes[0] != in.back();
  if (!is_list) return site.output(site.add(PRelu{}, {x, site.value(1, "slope")}));
  Shape per_channel(in.size() - 1, 1);
  per_channel[0] = in[1];
  site.output(
      site.add(PRelu{}, {x, site.weight("slope", site.in_shape(site.constant(1, "slope"), per_channel))}));
}

void dropout(Site& site) {
  site.ignore("seed"), site.ignore("is_test");
  float ratio = site.number("ratio", 0.5f);
  if (site.has_input(1)) ratio = static_cast<float>(site.number_in(1, "ratio"));
  if (site.has_input(2) && site.number_in(2, "training_mode") != 0)
    site.refuse("training_mode is true: export the network for inference");
  if (!(ratio >= 0 && ratio < 1)) site.refuse("a ratio of ", ratio, ", expected 0 to below 1");
  site.output(site.add(Dropout{ratio}, {site.flowing()}));
}

/// Softmax over any axis but the batch, by turning it to the front and back.
template <class Op>
Flowing over_axis(Site& site, size_t axis) {
  const size_t rank = site.shape().size();
  if (axis == 0) site.refuse("axis 0 is the batch");
  if (axis == 1) return site.add(Op{}, {site.flowing()});
  std::vector<int64_t> swap(rank);
  std::iota(swap.begin(), swap.end(), 0);
  std::swap(swap[1], swap[axis]);
  const Flowing turned = site.add(Transpose{{swap}}, {site.flowing()});
  const Flowing done = site.add(Op{}, {turned.id});
  return site.add(Transpose{{swap}}, {done.id});
}

/// Before opset 13 the axis and all that follow it are one; since then it is the axis alone.
template <class Op>
void softmax(Site& site) {
  const Shape& x = site.shape();
  const bool joined = site.opset() < 13;
  const size_t axis = site.axis(site.integer("axis", joined ? 1 : -1), x.size());
  const bool last = axis + 1 == x.size();
  if (!joined || last) return site.output(over_axis<Op>(site, axis));
  if (axis != 1)
    site.refuse("axis ", axis, " of opset ", site.opset(),
                ", which joins it with those behind, supported is 1");
  const Flowing flat = site.add(Flatten{}, {site.flowing()});
  const Flowing done = site.add(Op{}, {flat.id});
  site.output(site.add(Reshape{{Shape(x.begin() + 1, x.end())}}, {done.id}));
}

/// Nothing is left to do where numbers are floats of one width.
void cast(Site& site) {
  site.ignore("saturate");
  switch (site.integer("to", 0)) {
    case pb::TensorProto::FLOAT:
    case pb::TensorProto::FLOAT16:
    case pb::TensorProto::DOUBLE:
    case pb::TensorProto::BFLOAT16:
      return site.output(Flowing{site.flowing(), site.shape()});
    default:
      site.refuse("to type ", site.integer("to", 0), " (see TensorProto.DataType), supported are floats");
  }
}

/// `x` with one number on its right.
template <class Op>
Flowing with_number(Site& site, ValueId x, const std::string& role, float number) {
  return site.add(Op{}, {x, site.weight(role, float_constant({}, {number}))});
}

Flowing negated(Site& site, ValueId x) { return with_number<Mul>(site, x, "minus_one", -1); }

/// Truth is 1, falsehood 0: what comparisons give, and what where() takes.
void greater_or_equal(Site& site) {
  const auto least = static_cast<float>(site.number_in(1, "the number compared with"));
  ValueId x = site.flowing(0);
  if (least != 0) x = with_number<Sub>(site, x, "least", least).id;
  const Flowing half = with_number<Mul>(site, site.add(Sign{}, {x}).id, "half", 0.5f);
  site.output(with_number<Add>(site, half.id, "other_half", 0.5f));
}

void where(Site& site) {
  const auto yes = static_cast<float>(site.number_in(1, "the value of true")),
             no = static_cast<float>(site.number_in(2, "the value of false"));
  if (!std::isfinite(yes) || !std::isfinite(no)) site.refuse("chooses ", yes, " or ", no);
  if ((yes - no) + no != yes) {  // too far apart for one sum to give both
    const ValueId truth = site.flowing(0);
    const Flowing lie = with_number<Add>(site, negated(site, truth).id, "one", 1);
    const ValueId one = with_number<Mul>(site, truth, "yes", yes).id,
                  other = with_number<Mul>(site, lie.id, "no", no).id;
    return site.output(site.add(Add{}, {one, other}));
  }
  const Flowing apart = with_number<Mul>(site, site.flowing(0), "difference", yes - no);
  site.output(with_number<Add>(site, apart.id, "no", no));
}

void absolute(Site& site) {
  const ValueId x = site.flowing();
  site.output(site.add(Mul{}, {x, site.add(Sign{}, {x}).id}));
}

void negative(Site& site) { site.output(negated(site, site.flowing())); }

/// The larger or smaller of two: of a number a limit, of two that flow a pooling.
template <bool kLargest>
void extremum(Site& site) {
  if (site.input_count() == 1) return site.output(Flowing{site.flowing(), site.shape()});
  if (site.input_count() != 2) site.refuse("has ", site.input_count(), " inputs, supported are 2");
  for (size_t i = 0; i < 2; ++i) {
    if (!site.is_constant(i)) continue;
    constexpr float kInfinity = std::numeric_limits<float>::infinity();
    const auto limit = static_cast<float>(site.number_in(i, "the limit"));
    const ValueId x = site.flowing(1 - i);
    if (kLargest && limit == 0) return site.output(site.add(Relu{}, {x}));
    return site.output(site.add(kLargest ? Clip{limit, kInfinity} : Clip{-kInfinity, limit}, {x}));
  }
  const Shape x = site.shape(0);
  if (site.shape(1) != x || x.size() < 2)
    site.refuse("its inputs are ", to_text(x), " and ", to_text(site.shape(1)),
                ", supported are two of one shape");
  // One above the other, under a window of both: the smaller of two is the larger of their negatives.
  std::vector<ValueId> both{site.flowing(0), site.flowing(1)};
  if (!kLargest) both = {negated(site, both[0]).id, negated(site, both[1]).id};
  const Flowing stacked = site.add(Reshape{{{1, 2, element_count(x) / x[0]}}}, {site.add(Concat{}, both).id});
  const Flowing largest = site.add(MaxPool{.kernel = {2, 1}, .stride = {2, 1}}, {stacked.id});
  const Shape rest(x.begin() + 1, x.end());
  const Flowing result =
      x.size() == 2 ? site.add(Flatten{}, {largest.id}) : site.add(Reshape{{rest}}, {largest.id});
  site.output(kLargest ? result : negated(site, result.id));
}

void mean(Site& site) {
  sum(site);
  const Flowing total = std::get<Flowing>(*site.outputs()[0]);
  if (site.input_count() > 1)
    site.output(with_number<Mul>(site, total.id, "share", 1 / static_cast<float>(site.input_count())));
}

void power(Site& site) {
  const double exponent = site.number_in(1, "the exponent");
  if (exponent == 1) return site.output(Flowing{site.flowing(), site.shape()});
  if (exponent != 2) site.refuse("an exponent of ", exponent, ", supported are 1 and 2");
  site.output(site.add(Mul{}, {site.flowing(), site.flowing()}));
}

/// gamma elu(x) with the constants that keep the variance (Klambauer 2017).
void selu(Site& site) {
  const float alpha = site.number("alpha", 1.67326319217681884765625f),
              gamma = site.number("gamma", 1.05070102214813232421875f);
  const Flowing y = site.add(Elu{alpha}, {site.flowing()});
  site.output(with_number<Mul>(site, y.id, "gamma", gamma));
}

/// alpha elu(x / alpha)
void celu(Site& site) {
  const float alpha = site.number("alpha", 1);
  if (alpha == 1) return plain<Elu>(site);
  const Flowing part = with_number<Mul>(site, site.flowing(), "one_over_alpha", 1 / alpha);
  site.output(with_number<Mul>(site, site.add(Elu{}, {part.id}).id, "alpha", alpha));
}

void mish(Site& site) {
  const ValueId x = site.flowing(), soft = site.add(Softplus{}, {x}).id;
  site.output(site.add(Mul{}, {x, site.add(Tanh{}, {soft}).id}));
}

/// x / 2 (1 + erf(x / sqrt(2)))
void gelu(Site& site) {
  if (site.text("approximate", "none") != "none") site.refuse("approximate is not none");
  const ValueId x = site.flowing();
  const Flowing part = with_number<Mul>(site, x, "root", 0.70710678118654752f);
  const Flowing all = with_number<Add>(site, site.add(Erf{}, {part.id}).id, "one", 1);
  site.output(with_number<Mul>(site, site.add(Mul{}, {x, all.id}).id, "half", 0.5f));
}

/// x / (1 + |x|)
void softsign(Site& site) {
  const ValueId x = site.flowing();
  const Flowing size = site.add(Mul{}, {x, site.add(Sign{}, {x}).id});
  site.output(site.add(Div{}, {x, with_number<Add>(site, size.id, "one", 1).id}));
}

void identity(Site& site) { site.output(Flowing{site.flowing(), site.shape()}); }

constexpr Converter kElementwiseConverters[] = {
    {"Abs", absolute, Rows::follow},
    {"Add", arithmetic<Add>, Rows::follow},
    {"Cast", cast, Rows::follow},
    {"Celu", celu, Rows::follow},
    {"Clip", clip, Rows::follow},
    {"Div", arithmetic<Div>, Rows::follow},
    {"Dropout", dropout, Rows::follow},
    {"Elu", with_alpha<Elu>, Rows::follow},
    {"Erf", plain<Erf>, Rows::follow},
    {"Gelu", gelu, Rows::follow},
    {"GreaterOrEqual", greater_or_equal, Rows::follow},
    {"HardSigmoid", hard_sigmoid, Rows::follow},
    {"HardSwish", plain<HardSwish>, Rows::follow},
    {"Identity", identity, Rows::follow},
    {"LeakyRelu", with_alpha<LeakyRelu>, Rows::follow},
    {"LogSoftmax", softmax<LogSoftmax>},
    {"Max", extremum<true>, Rows::follow},
    {"Mean", mean, Rows::follow},
    {"Min", extremum<false>, Rows::follow},
    {"Mish", mish, Rows::follow},
    {"Mul", arithmetic<Mul>, Rows::follow},
    {"Neg", negative, Rows::follow},
    {"PRelu", prelu, Rows::follow},
    {"Pow", power, Rows::follow},
    {"Relu", plain<Relu>, Rows::follow},
    {"Selu", selu, Rows::follow},
    {"Sigmoid", plain<Sigmoid>, Rows::follow},
    {"Softmax", softmax<Softmax>},
    {"Softplus", plain<Softplus>, Rows::follow},
    {"Softsign", softsign, Rows::follow},
    {"Sub", arithmetic<Sub>, Rows::follow},
    {"Sum", sum, Rows::follow},
    {"Tanh", plain<Tanh>, Rows::follow},
    {"Where", where, Rows::follow},
};

}  // namespace

std::span<const Converter> elementwise_converters() { return kElementwiseConverters; }

}  // namespace netsuke::onnx
