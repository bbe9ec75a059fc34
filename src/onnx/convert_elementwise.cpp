// Arithmetic, activations and softmax.
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
  Flowing total;
  for (size_t i = 1; i < site.input_count(); ++i) {
    const ValueId left = i == 1 ? site.value(0) : total.id;
    total = site.add(Add{}, {left, site.value(i)});
  }
  site.output(total);
}

void prelu(Site& site) {
  const ValueId x = site.flowing(0);
  site.output(site.add(PRelu{}, {x, site.value(1, "slope")}));
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
  const Flowing apart = with_number<Mul>(site, site.flowing(0), "difference", yes - no);
  site.output(with_number<Add>(site, apart.id, "no", no));
}

void absolute(Site& site) {
  const ValueId x = site.flowing();
  site.output(site.add(Mul{}, {x, site.add(Sign{}, {x}).id}));
}

void identity(Site& site) { site.output(Flowing{site.flowing(), site.shape()}); }

constexpr Converter kConverters[] = {
    {"Abs", absolute},
    {"Add", arithmetic<Add>},
    {"Cast", cast},
    {"Clip", clip},
    {"Div", arithmetic<Div>},
    {"Dropout", dropout},
    {"GreaterOrEqual", greater_or_equal},
    {"HardSigmoid", hard_sigmoid},
    {"HardSwish", plain<HardSwish>},
    {"Identity", identity},
    {"LeakyRelu", with_alpha<LeakyRelu>},
    {"LogSoftmax", softmax<LogSoftmax>},
    {"Mul", arithmetic<Mul>},
    {"PRelu", prelu},
    {"Relu", plain<Relu>},
    {"Sigmoid", plain<Sigmoid>},
    {"Softmax", softmax<Softmax>},
    {"Sub", arithmetic<Sub>},
    {"Sum", sum},
    {"Tanh", plain<Tanh>},
    {"Where", where},
};

}  // namespace

std::span<const Converter> elementwise_converters() { return kConverters; }

}  // namespace netsuke::onnx
