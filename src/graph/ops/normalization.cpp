#include "graph/ops/normalization.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "graph/ops/evaluation.h"
#include "graph/ops/shape_rules.h"

namespace netsuke::ops {

namespace {

Shape scores_shape(const Shapes& in, const Site& site) {
  fits(in[0].size() >= 2, site, "input is ", to_text(in[0]), ", expected batch x classes");
  return in[0];
}

// Of numbers that are normalised, beside which all constants have one a channel.
Shape normalised_shape(float epsilon, const Shapes& in, const Site& site) {
  fits(in[0].size() >= 2, site, "input is ", to_text(in[0]), ", expected batch x channels x ...");
  fits(epsilon >= 0, site, "epsilon ", epsilon, " is negative");
  for (size_t i = 1; i < in.size(); ++i) require_vector(in, i, in[0][1], site);
  return in[0];
}

// Calls `visit(index, log softmax)` for every element; the largest is subtracted first, so nothing overflows.
template <class Visit>
void each_log_softmax(const Tensor& x, Visit&& visit) {
  const auto classes = static_cast<size_t>(x.dim(1)), plane = static_cast<size_t>(plane_of(x.shape));
  for (size_t n = 0; n < static_cast<size_t>(x.dim(0)); ++n)
    for (size_t p = 0; p < plane; ++p) {
      const auto index = [&](size_t c) { return (n * classes + c) * plane + p; };
      double largest = -std::numeric_limits<double>::infinity(), sum = 0;
      for (size_t c = 0; c < classes; ++c) largest = std::max<double>(largest, x.data[index(c)]);
      for (size_t c = 0; c < classes; ++c) sum += std::exp(x.data[index(c)] - largest);
      for (size_t c = 0; c < classes; ++c) visit(index(c), x.data[index(c)] - largest - std::log(sum));
    }
}

}  // namespace

Shape shape_of(const BatchNorm& op, const Shapes& in, const Site& site) {
  return normalised_shape(op.epsilon, in, site);
}

void compute(const BatchNorm& op, const Arguments& in, Tensor& out) {
  const int64_t channels = out.dim(1), plane = plane_of(out.shape);
  for (size_t i = 0; i < out.size(); ++i) {
    const auto c = static_cast<size_t>(static_cast<int64_t>(i) / plane % channels);
    const double scale = in[1]->data[c] / std::sqrt(static_cast<double>(in[4]->data[c]) + op.epsilon);
    out.data[i] =
        static_cast<float>((static_cast<double>(in[0]->data[i]) - in[3]->data[c]) * scale + in[2]->data[c]);
  }
}

Shape shape_of(const LayerNorm& op, const Shapes& in, const Site& site) {
  return normalised_shape(op.epsilon, in, site);
}

void compute(const LayerNorm& op, const Arguments& in, Tensor& out) {
  const auto channels = static_cast<size_t>(out.dim(1)), plane = static_cast<size_t>(plane_of(out.shape));
  for (size_t n = 0; n < static_cast<size_t>(out.dim(0)); ++n)
    for (size_t p = 0; p < plane; ++p) {
      const auto index = [&](size_t c) { return (n * channels + c) * plane + p; };
      double mean = 0, variance = 0;
      for (size_t c = 0; c < channels; ++c) mean += in[0]->data[index(c)] / static_cast<double>(channels);
      for (size_t c = 0; c < channels; ++c)
        variance += std::pow(in[0]->data[index(c)] - mean, 2) / static_cast<double>(channels);
      for (size_t c = 0; c < channels; ++c)
        out.data[index(c)] = static_cast<float>((in[0]->data[index(c)] - mean) /
                                                    std::sqrt(variance + op.epsilon) * in[1]->data[c] +
                                                in[2]->data[c]);
    }
}

Shape shape_of(const GroupNorm& op, const Shapes& in, const Site& site) {
  Shape out = normalised_shape(op.epsilon, in, site);
  fits(op.groups > 0 && out[1] % op.groups == 0, site, op.groups, " groups do not divide ", out[1],
       " channels");
  return out;
}

void compute(const GroupNorm& op, const Arguments& in, Tensor& out) {
  const auto channels = static_cast<size_t>(out.dim(1)), plane = static_cast<size_t>(plane_of(out.shape));
  const size_t each = channels / static_cast<size_t>(op.groups) * plane;  // values of a group
  for (size_t first = 0; first < out.size(); first += each) {
    double mean = 0, variance = 0;
    for (size_t i = first; i < first + each; ++i) mean += in[0]->data[i] / static_cast<double>(each);
    for (size_t i = first; i < first + each; ++i)
      variance += std::pow(in[0]->data[i] - mean, 2) / static_cast<double>(each);
    for (size_t i = first; i < first + each; ++i) {
      const size_t c = i / plane % channels;
      out.data[i] = static_cast<float>(
          (in[0]->data[i] - mean) / std::sqrt(variance + op.epsilon) * in[1]->data[c] + in[2]->data[c]);
    }
  }
}

Shape shape_of(const Lrn& op, const Shapes& in, const Site& site) {
  require_rank(in[0], 4, site);
  fits(op.size > 0, site, "size must be positive");
  return in[0];
}

void compute(const Lrn& op, const Arguments& in, Tensor& out) {
  const Image image{*in[0]};
  fill(out, [&](int64_t n, int64_t c, int64_t y, int64_t x) {
    double squares = 0;
    const int64_t first = c - (op.size - 1) / 2;
    for (int64_t k = std::max<int64_t>(first, 0); k < std::min(first + op.size, out.dim(1)); ++k)
      squares += std::pow(static_cast<double>(image.at(n, k, y, x)), 2);
    return image.at(n, c, y, x) /
           std::pow(op.k + static_cast<double>(op.alpha) / op.size * squares, static_cast<double>(op.beta));
  });
}

Shape shape_of(const Softmax&, const Shapes& in, const Site& site) { return scores_shape(in, site); }

void compute(const Softmax&, const Arguments& in, Tensor& out) {
  each_log_softmax(
      *in[0], [&](size_t i, double logarithm) { out.data[i] = static_cast<float>(std::exp(logarithm)); });
}

Shape shape_of(const LogSoftmax&, const Shapes& in, const Site& site) { return scores_shape(in, site); }

void compute(const LogSoftmax&, const Arguments& in, Tensor& out) {
  each_log_softmax(*in[0], [&](size_t i, double logarithm) { out.data[i] = static_cast<float>(logarithm); });
}

Shape shape_of(const Dropout& op, const Shapes& in, const Site& site) {
  fits(op.ratio >= 0 && op.ratio < 1, site, "ratio ", op.ratio, " is not in [0, 1)");
  return in[0];
}

void compute(const Dropout&, const Arguments& in, Tensor& out) { out.data = in[0]->data; }

}  // namespace netsuke::ops
