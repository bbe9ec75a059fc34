#include "graph/ops/rearrange.h"

#include <algorithm>
#include <numeric>

#include "graph/ops/evaluation.h"
#include "graph/ops/sampling.h"
#include "graph/ops/shape_rules.h"

namespace netsuke::ops {

namespace {

size_t index(int64_t n) { return static_cast<size_t>(n); }

int64_t elements_of_image(const Shape& x) { return element_count(Shape(x.begin() + 1, x.end())); }

}  // namespace

Shape shape_of(const Flatten&, const Shapes& in, const Site& site) {
  fits(in[0].size() >= 2, site, "input is ", to_text(in[0]), ", expected a batch");
  return {in[0][0], element_count(Shape(in[0].begin() + 1, in[0].end()))};
}

void compute(const Flatten&, const Arguments& in, Tensor& out) { out.data = in[0]->data; }

Shape shape_of(const Reshape& op, const Shapes& in, const Site& site) {
  require_least_rank(in[0], 1, site);
  const Shape& dims = op.dims.values;
  fits(dims.size() < kMaxRank && std::all_of(dims.begin(), dims.end(), [](int64_t d) { return d > 0; }), site,
       "dims are ", to_text(dims), ", expected at most ", kMaxRank - 1, " positive ones");
  fits(element_count(dims) == elements_of_image(in[0]), site, "input is ", to_text(in[0]),
       ", an image of which does not have the elements of ", to_text(dims));
  Shape out{in[0][0]};
  out.insert(out.end(), dims.begin(), dims.end());
  return out;
}

void compute(const Reshape&, const Arguments& in, Tensor& out) { out.data = in[0]->data; }

Shape shape_of(const Transpose& op, const Shapes& in, const Site& site) {
  const std::vector<int64_t>& perm = op.perm.values;
  Shape sorted = perm, numbers(in[0].size());
  std::sort(sorted.begin(), sorted.end());
  std::iota(numbers.begin(), numbers.end(), 0);
  fits(sorted == numbers && !perm.empty() && perm[0] == 0, site, "perm is ", to_text(perm),
       ", expected every dimension of ", to_text(in[0]), " once, the batch first");
  Shape out;
  for (int64_t from : perm) out.push_back(in[0][index(from)]);
  return out;
}

void compute(const Transpose& op, const Arguments& in, Tensor& out) {
  const Tensor& x = *in[0];
  std::vector<int64_t> steps(x.shape.size(), 1);  // how far apart neighbours in a dimension of x are
  for (size_t d = steps.size() - 1; d-- > 0;) steps[d] = steps[d + 1] * x.dim(d + 1);
  for (size_t i = 0; i < out.size(); ++i) {
    auto rest = static_cast<int64_t>(i);
    int64_t source = 0;
    for (size_t d = out.shape.size(); d-- > 0; rest /= out.dim(d))
      source += rest % out.dim(d) * steps[index(op.perm.values[d])];
    out.data[i] = x.data[index(source)];
  }
}

Shape shape_of(const Concat&, const Shapes& in, const Site& site) {
  require_least_rank(in[0], 2, site);
  Shape out = in[0];
  out[1] = 0;
  for (const Shape& x : in)
    if (!x.empty() && x[0] != 1) out[0] = x[0];
  for (const Shape& x : in) {
    Shape expected = out;
    if (x.size() == out.size()) expected[0] = x[0] == 1 ? 1 : out[0], expected[1] = x[1];
    fits(x == expected, site, "inputs are ", to_text(in[0]), " and ", to_text(x),
         ", expected the same but for channels");
    out[1] += x[1];
  }
  return out;
}

void compute(const Concat&, const Arguments& in, Tensor& out) {
  auto to = out.data.begin();
  for (int64_t n = 0; n < out.dim(0); ++n)
    for (const Tensor* x : in) {
      const int64_t image = static_cast<int64_t>(x->size()) / x->dim(0);
      to = std::copy_n(x->data.begin() + n % x->dim(0) * image, image, to);
    }
}

Shape shape_of(const Slice& op, const Shapes& in, const Site& site) {
  Shape out = in[0];
  fits(op.axis >= 1 && index(op.axis) < out.size(), site, "axis is ", op.axis, ", input is ", to_text(in[0]));
  fits(op.step != 0, site, "step is 0");
  int64_t& dim = out[index(op.axis)];
  const int64_t begin = op.begin, end = op.end, step = op.step;
  const bool inside =
      step > 0 ? begin >= 0 && begin < end && end <= dim : begin < dim && begin > end && end >= -1;
  fits(inside, site, "elements from ", begin, " to ", end, " in steps of ", step, " of an axis of ", dim);
  dim = step > 0 ? (end - begin + step - 1) / step : (begin - end - step - 1) / -step;
  return out;
}

void compute(const Slice& op, const Arguments& in, Tensor& out) {
  const Shape &from = in[0]->shape, &to = out.shape;
  const auto axis = static_cast<std::ptrdiff_t>(op.axis);
  const int64_t outer = element_count(Shape(to.begin(), to.begin() + axis)),
                inner = element_count(Shape(to.begin() + axis + 1, to.end()));
  auto next = out.data.begin();
  for (int64_t o = 0; o < outer; ++o)
    for (int64_t i = 0; i < to[index(axis)]; ++i) {
      const int64_t element = o * from[index(axis)] + op.begin + i * op.step;
      next = std::copy_n(in[0]->data.begin() + element * inner, inner, next);
    }
}

Shape shape_of(const Pad& op, const Shapes& in, const Site& site) {
  const Shape& x = in[0];
  require_rank(x, 4, site);
  require_mode("mode", op.mode, 2, site);
  const int64_t h = x[2] + op.pad.top + op.pad.bottom, w = x[3] + op.pad.left + op.pad.right;
  fits(h > 0 && w > 0, site, "its pads leave nothing of an input of ", to_text(x));
  fits(op.mode == 0 || (x[2] > 0 && x[3] > 0), site, "input is ", to_text(x), ", expected pixels");
  fits(op.mode != 1 ||
           (op.pad.top < x[2] && op.pad.bottom < x[2] && op.pad.left < x[3] && op.pad.right < x[3]),
       site, "reflection must be less than the input of ", to_text(x));
  return {x[0], x[1], h, w};
}

void compute(const Pad& op, const Arguments& in, Tensor& out) {
  const Image image{*in[0]};
  fill(out, [&](int64_t n, int64_t c, int64_t oy, int64_t ox) {
    int64_t y = oy - op.pad.top, x = ox - op.pad.left;
    if (op.mode != 0) {
      y = padding_source(op.mode, y, image.t.dim(2));
      x = padding_source(op.mode, x, image.t.dim(3));
    }
    return image.contains(y, x) ? image.at(n, c, y, x) : op.value;
  });
}

Shape shape_of(const ChannelShuffle& op, const Shapes& in, const Site& site) {
  require_rank(in[0], 4, site);
  fits(op.groups > 0 && in[0][1] % op.groups == 0, site, op.groups, " groups do not divide ", in[0][1],
       " channels");
  return in[0];
}

void compute(const ChannelShuffle& op, const Arguments& in, Tensor& out) {
  const Image image{*in[0]};
  const int64_t per_group = out.dim(1) / op.groups;
  fill(out, [&](int64_t n, int64_t c, int64_t y, int64_t x) {
    return image.at(n, c % op.groups * per_group + c / op.groups, y, x);
  });
}

Shape shape_of(const DepthToSpace& op, const Shapes& in, const Site& site) {
  const Shape& x = in[0];
  require_rank(x, 4, site);
  const int64_t block = op.block;
  fits(block > 0 && x[1] % (block * block) == 0, site, "blocks of ", block, " x ", block, " do not divide ",
       x[1], " channels");
  element_count({x[2], block}), element_count({x[3], block});  // throws where the product would overflow
  return {x[0], x[1] / (block * block), x[2] * block, x[3] * block};
}

void compute(const DepthToSpace& op, const Arguments& in, Tensor& out) {
  const Image image{*in[0]};
  const int64_t block = op.block, channels = out.dim(1);
  fill(out, [&](int64_t n, int64_t c, int64_t y, int64_t x) {
    const int64_t place = y % block * block + x % block;
    const int64_t from = op.crd ? c * block * block + place : place * channels + c;
    return image.at(n, from, y / block, x / block);
  });
}

}  // namespace netsuke::ops
