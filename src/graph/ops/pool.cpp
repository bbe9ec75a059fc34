#include "graph/ops/pool.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "graph/ops/evaluation.h"
#include "graph/ops/shape_rules.h"
#include "graph/ops/window.h"

namespace netsuke::ops {

namespace {

template <class Pool>
Shape pool_shape(const Pool& op, const Shapes& in, const Site& site) {
  require_rank(in[0], 4, site);
  require_window(op, op.kernel, site);
  fits(op.pad.top < op.kernel.h && op.pad.bottom < op.kernel.h && op.pad.left < op.kernel.w &&
           op.pad.right < op.kernel.w,
       site, "padding must be less than the kernel");
  return windowed(in[0], in[0][1], op.kernel, op.stride, {1, 1}, op.pad, op.ceil, site);
}

Shape one_pixel(const Shapes& in, const Site& site) {
  require_rank(in[0], 4, site);
  fits(in[0][2] > 0 && in[0][3] > 0, site, "input is ", to_text(in[0]), ", expected pixels");
  return {in[0][0], in[0][1], 1, 1};
}

float larger_or_nan(float a, float b) { return b > a || std::isnan(b) ? b : a; }

// Visits the pixels of one pooling window that lie inside the image.
template <class Pool, class Visit>
void each_in_window(const Pool& op, const Image& x, int64_t n, int64_t c, int64_t oy, int64_t ox,
                    Visit&& visit) {
  const int64_t top = oy * op.stride.h - op.pad.top, left = ox * op.stride.w - op.pad.left;
  for (int64_t y = std::max<int64_t>(top, 0); y < std::min(top + op.kernel.h, x.t.dim(2)); ++y)
    for (int64_t xx = std::max<int64_t>(left, 0); xx < std::min(left + op.kernel.w, x.t.dim(3)); ++xx)
      visit(x.at(n, c, y, xx));
}

}  // namespace

Shape shape_of(const MaxPool& op, const Shapes& in, const Site& site) { return pool_shape(op, in, site); }

void compute(const MaxPool& op, const Arguments& in, Tensor& out) {
  const Image image{*in[0]};
  fill(out, [&](int64_t n, int64_t c, int64_t y, int64_t x) {
    float best = -std::numeric_limits<float>::infinity();
    each_in_window(op, image, n, c, y, x, [&](float v) { best = larger_or_nan(best, v); });
    return best;
  });
}

Shape shape_of(const AvgPool& op, const Shapes& in, const Site& site) { return pool_shape(op, in, site); }

void compute(const AvgPool& op, const Arguments& in, Tensor& out) {
  const Image image{*in[0]};
  fill(out, [&](int64_t n, int64_t c, int64_t y, int64_t x) {
    double sum = 0;
    int64_t inside = 0;
    each_in_window(op, image, n, c, y, x, [&](float v) { sum += v, ++inside; });
    if (!op.count_pad) return sum / static_cast<double>(inside);
    // Padding counts, but what a ceil window covers beyond the padding does not.
    const auto covered = [](int64_t start, int kernel, int64_t end) {
      return std::min(start + kernel, end) - start;
    };
    const int64_t h = covered(y * op.stride.h, op.kernel.h, image.t.dim(2) + op.pad.top + op.pad.bottom);
    const int64_t w = covered(x * op.stride.w, op.kernel.w, image.t.dim(3) + op.pad.left + op.pad.right);
    return sum / static_cast<double>(h * w);
  });
}

Shape shape_of(const GlobalAvgPool&, const Shapes& in, const Site& site) { return one_pixel(in, site); }

void compute(const GlobalAvgPool&, const Arguments& in, Tensor& out) {
  const auto plane = static_cast<size_t>(plane_of(in[0]->shape));
  for (size_t i = 0; i < out.size(); ++i) {
    double sum = 0;
    for (size_t p = 0; p < plane; ++p) sum += in[0]->data[i * plane + p];
    out.data[i] = static_cast<float>(sum / static_cast<double>(plane));
  }
}

Shape shape_of(const GlobalMaxPool&, const Shapes& in, const Site& site) { return one_pixel(in, site); }

void compute(const GlobalMaxPool&, const Arguments& in, Tensor& out) {
  const int64_t plane = plane_of(in[0]->shape);
  for (size_t i = 0; i < out.size(); ++i) {
    const auto first = in[0]->data.begin() + static_cast<int64_t>(i) * plane;
    out.data[i] = std::accumulate(first, first + plane, *first, larger_or_nan);
  }
}

}  // namespace netsuke::ops
