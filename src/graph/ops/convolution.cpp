#include "graph/ops/convolution.h"

#include <algorithm>

#include "graph/ops/evaluation.h"
#include "graph/ops/shape_rules.h"
#include "graph/ops/window.h"

namespace netsuke::ops {

namespace {

// Height and width of a weight of four dimensions.
Pair kernel_of(const Shape& w, const Site& site) {
  fits(w[2] > 0 && w[3] > 0 && w[2] < 1 << 15 && w[3] < 1 << 15, site, "kernel of ", to_text(w));
  return {static_cast<int>(w[2]), static_cast<int>(w[3])};
}

void require_dilation(const Pair& dilation, const Site& site) {
  fits(dilation.h > 0 && dilation.w > 0, site, "dilation must be positive");
}

}  // namespace

Shape shape_of(const Conv2d& op, const Shapes& in, const Site& site) {
  const Shape& x = in[0];
  const Shape& w = in[1];
  require_rank(x, 4, site);
  fits(w.size() == 4, site, "weight is ", to_text(w), ", expected out x in x height x width");
  fits(op.groups > 0 && w[0] > 0 && w[0] % op.groups == 0, site, op.groups, " groups do not divide ", w[0],
       " outputs");
  fits(x[1] == w[1] * op.groups, site, "input has ", x[1], " channels, weight ", to_text(w), " in ",
       op.groups, " groups reads ", w[1] * op.groups);
  fits(w[2] > 0 && w[3] > 0 && w[2] < 1 << 15 && w[3] < 1 << 15, site, "kernel of ", to_text(w));
  fits(op.dilation.h > 0 && op.dilation.w > 0, site, "dilation must be positive");
  const Pair kernel{static_cast<int>(w[2]), static_cast<int>(w[3])};
  require_window(op, kernel, site);
  require_vector(in, 2, w[0], site);
  return windowed(x, w[0], kernel, op.stride, op.dilation, op.pad, false, site);
}

void compute(const Conv2d& op, const Arguments& in, Tensor& out) {
  const Image x{*in[0]}, w{*in[1]};
  const int64_t outs_per_group = w.t.dim(0) / op.groups, ins_per_group = w.t.dim(1);
  fill(out, [&](int64_t n, int64_t o, int64_t oy, int64_t ox) {
    double sum = in.size() > 2 ? in[2]->data[static_cast<size_t>(o)] : 0.0;
    const int64_t first_channel = o / outs_per_group * ins_per_group;
    for (int64_t c = 0; c < ins_per_group; ++c)
      for (int64_t ky = 0; ky < w.t.dim(2); ++ky)
        for (int64_t kx = 0; kx < w.t.dim(3); ++kx) {
          const int64_t y = oy * op.stride.h - op.pad.top + ky * op.dilation.h;
          const int64_t xx = ox * op.stride.w - op.pad.left + kx * op.dilation.w;
          if (x.contains(y, xx))
            sum += static_cast<double>(x.at(n, first_channel + c, y, xx)) * w.at(o, c, ky, kx);
        }
    return sum;
  });
}

Shape shape_of(const ConvTranspose2d& op, const Shapes& in, const Site& site) {
  const Shape &x = in[0], &w = in[1];
  require_rank(x, 4, site);
  fits(w.size() == 4, site, "weight is ", to_text(w), ", expected in x out x height x width");
  fits(op.groups > 0 && w[0] > 0 && w[0] % op.groups == 0 && x[1] == w[0], site, "input has ", x[1],
       " channels, weight ", to_text(w), " in ", op.groups, " groups reads ", w[0]);
  fits(x[2] > 0 && x[3] > 0, site, "input is ", to_text(x), ", expected pixels");
  require_window(op, kernel_of(w, site), site);
  require_dilation(op.dilation, site);
  const auto extra_fits = [](int extra, int stride, int dilation) {
    return extra >= 0 && extra < std::max(stride, dilation);
  };
  fits(extra_fits(op.output_pad.h, op.stride.h, op.dilation.h) &&
           extra_fits(op.output_pad.w, op.stride.w, op.dilation.w),
       site, "output_pad must be less than stride or dilation, and not negative");
  const int64_t outputs = w[1] * op.groups;
  require_vector(in, 2, outputs, site);
  const int64_t h = (x[2] - 1) * op.stride.h - op.pad.top - op.pad.bottom + op.dilation.h * (w[2] - 1) +
                    op.output_pad.h + 1;
  const int64_t width = (x[3] - 1) * op.stride.w - op.pad.left - op.pad.right + op.dilation.w * (w[3] - 1) +
                        op.output_pad.w + 1;
  fits(h > 0 && width > 0, site, "its padding leaves nothing of an input of ", to_text(x));
  return {x[0], outputs, h, width};
}

void compute(const ConvTranspose2d& op, const Arguments& in, Tensor& out) {
  const Image x{*in[0]}, w{*in[1]};
  const int64_t ins_per_group = w.t.dim(0) / op.groups, outs_per_group = w.t.dim(1);
  // The input pixel that the window element `offset` carries to pixel `at`, or -1.
  const auto source = [](int64_t at, int64_t offset, int pad, int stride) {
    const int64_t distance = at + pad - offset;
    return distance >= 0 && distance % stride == 0 ? distance / stride : -1;
  };
  fill(out, [&](int64_t n, int64_t o, int64_t oy, int64_t ox) {
    double sum = in.size() > 2 ? in[2]->data[static_cast<size_t>(o)] : 0.0;
    const int64_t first_channel = o / outs_per_group * ins_per_group;
    for (int64_t ky = 0; ky < w.t.dim(2); ++ky)
      for (int64_t kx = 0; kx < w.t.dim(3); ++kx) {
        const int64_t y = source(oy, ky * op.dilation.h, op.pad.top, op.stride.h);
        const int64_t xx = source(ox, kx * op.dilation.w, op.pad.left, op.stride.w);
        if (!x.contains(y, xx)) continue;
        for (int64_t c = first_channel; c < first_channel + ins_per_group; ++c)
          sum += static_cast<double>(x.at(n, c, y, xx)) * w.at(c, o % outs_per_group, ky, kx);
      }
    return sum;
  });
}

Shape shape_of(const Linear&, const Shapes& in, const Site& site) {
  require_rank(in[0], 2, site);
  fits(in[1].size() == 2, site, "weight is ", to_text(in[1]), ", expected out x in");
  fits(in[0][1] == in[1][1], site, "input has ", in[0][1], " values, weight ", to_text(in[1]), " reads ",
       in[1][1]);
  require_vector(in, 2, in[1][0], site);
  return {in[0][0], in[1][0]};
}

void compute(const Linear&, const Arguments& in, Tensor& out) {
  const auto rows = static_cast<size_t>(in[0]->dim(0)), outs = static_cast<size_t>(in[1]->dim(0)),
             width = static_cast<size_t>(in[1]->dim(1));
  for (size_t n = 0; n < rows; ++n)
    for (size_t o = 0; o < outs; ++o) {
      double sum = in.size() > 2 ? in[2]->data[o] : 0.0;
      for (size_t i = 0; i < width; ++i)
        sum += static_cast<double>(in[0]->data[n * width + i]) * in[1]->data[o * width + i];
      out.data[n * outs + o] = static_cast<float>(sum);
    }
}

}  // namespace netsuke::ops
