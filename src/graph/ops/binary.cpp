#include "graph/ops/binary.h"

#include <algorithm>
#include <cmath>

#include "graph/ops/evaluation.h"
#include "graph/ops/shape_rules.h"
#include "graph/ops/window.h"

namespace netsuke::ops {

Shape shape_of(const Sign&, const Shapes& in, const Site&) { return in[0]; }

Shape shape_of(const InputScale& op, const Shapes& in, const Site& site) {
  const Shape& x = in[0];
  fits(x.size() == 2 || x.size() == 4, site, "input is ", to_text(x), ", expected 2 or 4 dimensions");
  if (x.size() == 2) return {x[0], 1};
  require_window(op, op.kernel, site);
  fits(op.dilation.h > 0 && op.dilation.w > 0, site, "dilation must be positive");
  return windowed(x, 1, op.kernel, op.stride, op.dilation, op.pad, false, site);
}

void compute(const Sign&, const Arguments& in, Tensor& out) {
  std::ranges::transform(in[0]->data, out.data.begin(), [](float x) { return x >= 0 ? 1.0f : -1.0f; });
}

namespace {

/// The mean of |x| over the channels of one pixel.
double mean_magnitude(const Image& x, int64_t n, int64_t y, int64_t xx) {
  double sum = 0;
  for (int64_t c = 0; c < x.t.dim(1); ++c) sum += std::abs(static_cast<double>(x.at(n, c, y, xx)));
  return sum / static_cast<double>(x.t.dim(1));
}

}  // namespace

void compute(const InputScale& op, const Arguments& in, Tensor& out) {
  Tensor as_image = *in[0];
  if (as_image.shape.size() == 2) as_image.shape.insert(as_image.shape.end(), {1, 1});
  const Image x{as_image};
  const Shape shape = out.shape;
  if (shape.size() == 2) out.shape.insert(out.shape.end(), {1, 1});
  fill(out, [&](int64_t n, int64_t, int64_t oy, int64_t ox) {
    double sum = 0;
    for (int ky = 0; ky < op.kernel.h; ++ky)
      for (int kx = 0; kx < op.kernel.w; ++kx) {
        const int64_t y = oy * op.stride.h - op.pad.top + ky * op.dilation.h;
        const int64_t xx = ox * op.stride.w - op.pad.left + kx * op.dilation.w;
        if (x.contains(y, xx)) sum += mean_magnitude(x, n, y, xx);
      }
    return sum / (op.kernel.h * op.kernel.w);
  });
  out.shape = shape;
}

}  // namespace netsuke::ops
