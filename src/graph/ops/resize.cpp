// Resize has rules enough for a file of its own.
#include <algorithm>
#include <cmath>

#include "graph/ops/evaluation.h"
#include "graph/ops/sampling.h"
#include "graph/ops/shape_rules.h"

namespace netsuke::ops {
namespace {

// Where pixel `i` of `to` lies among `from` pixels.
double source_of(int64_t i, int64_t from, int64_t to, int coordinates) {
  const auto at = static_cast<double>(i), m = static_cast<double>(from), n = static_cast<double>(to);
  switch (coordinates) {
    case 1:
      return at * m / n;
    case 2:
      return to == 1 ? 0 : at * (m - 1) / (n - 1);
    case 3:
      return to == 1 ? 0 : (at + 0.5) * m / n - 0.5;
    default:
      return (at + 0.5) * m / n - 0.5;
  }
}

double rounded(double x, int rounding) {
  switch (rounding) {
    case 1:
      return std::floor(x + 0.5);
    case 2:
      return std::floor(x);
    case 3:
      return std::ceil(x);
    default:
      return std::ceil(x - 0.5);
  }
}

}  // namespace

Sample sample(const Resize& op, int64_t i, int64_t from, int64_t to) {
  const double x = source_of(i, from, to, op.coordinates);
  const auto inside = [&](double pixel) {
    return static_cast<int64_t>(std::clamp(pixel, 0.0, static_cast<double>(from - 1)));
  };
  if (op.mode == 0) return {inside(rounded(x, op.rounding)), 0, 0};
  const double below = std::floor(x);
  return {inside(below), inside(below + 1), x - below};
}

Shape shape_of(const Resize& op, const Shapes& in, const Site& site) {
  const Shape& x = in[0];
  require_rank(x, 4, site);
  fits(x[2] > 0 && x[3] > 0, site, "input is ", to_text(x), ", expected pixels");
  fits(op.size.h > 0 && op.size.w > 0, site, "size must be positive");
  require_mode("mode", op.mode, 1, site);
  require_mode("coordinates", op.coordinates, 3, site);
  require_mode("rounding", op.rounding, 3, site);
  return {x[0], x[1], op.size.h, op.size.w};
}

void compute(const Resize& op, const Arguments& in, Tensor& out) {
  const Image image{*in[0]};
  fill(out, [&](int64_t n, int64_t c, int64_t oy, int64_t ox) {
    const Sample y = sample(op, oy, image.t.dim(2), out.dim(2)),
                 x = sample(op, ox, image.t.dim(3), out.dim(3));
    const auto between = [&](int64_t row) {
      return (1 - x.share) * image.at(n, c, row, x.first) + x.share * image.at(n, c, row, x.second);
    };
    return (1 - y.share) * between(y.first) + y.share * between(y.second);
  });
}

}  // namespace netsuke::ops
