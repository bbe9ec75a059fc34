// Written for reading: plain loops, one function an op, sums in double. Speed is the runtime's business.
#include "graph/evaluate.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "graph/shapes.h"

namespace netsuke {
namespace {

using Inputs = std::vector<const Tensor*>;

// Read access to an NCHW tensor by its four indices.
struct Image {
  const Tensor& t;
  float at(int64_t n, int64_t c, int64_t y, int64_t x) const {
    return t.data[static_cast<size_t>(((n * t.dim(1) + c) * t.dim(2) + y) * t.dim(3) + x)];
  }
};

// Calls `body(n, c, y, x)` in row-major order and stores what it returns.
template <class Body>
void fill(Tensor& out, Body&& body) {
  size_t i = 0;
  for (int64_t n = 0; n < out.dim(0); ++n)
    for (int64_t c = 0; c < out.dim(1); ++c)
      for (int64_t y = 0; y < out.dim(2); ++y)
        for (int64_t x = 0; x < out.dim(3); ++x) out.data[i++] = static_cast<float>(body(n, c, y, x));
}

template <class Body>
Tensor map(const Tensor& x, Body&& body) {
  Tensor out(x.shape);
  std::transform(x.data.begin(), x.data.end(), out.data.begin(), body);
  return out;
}

void run(const Conv2d& op, const Inputs& in, Tensor& out) {
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
          if (y < 0 || y >= x.t.dim(2) || xx < 0 || xx >= x.t.dim(3)) continue;
          sum += static_cast<double>(x.at(n, first_channel + c, y, xx)) * w.at(o, c, ky, kx);
        }
    return sum;
  });
}

void run(const Linear&, const Inputs& in, Tensor& out) {
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

// Elements of one channel of one image.
int64_t plane_of(const Shape& shape) { return element_count(Shape(shape.begin() + 2, shape.end())); }

void run(const BatchNorm& op, const Inputs& in, Tensor& out) {
  const int64_t channels = out.dim(1), plane = plane_of(out.shape);
  for (size_t i = 0; i < out.size(); ++i) {
    const auto c = static_cast<size_t>(static_cast<int64_t>(i) / plane % channels);
    const double scale = in[1]->data[c] / std::sqrt(static_cast<double>(in[4]->data[c]) + op.epsilon);
    out.data[i] =
        static_cast<float>((static_cast<double>(in[0]->data[i]) - in[3]->data[c]) * scale + in[2]->data[c]);
  }
}

void run(const Relu&, const Inputs& in, Tensor& out) {
  out = map(*in[0], [](float v) { return std::max(v, 0.0f); });
}
void run(const Clip& op, const Inputs& in, Tensor& out) {
  out = map(*in[0], [&](float v) { return std::clamp(v, op.min, op.max); });
}

// Visits the pixels of one pooling window that lie inside the image.
template <class Pool, class Visit>
void each_in_window(const Pool& op, const Image& x, int64_t n, int64_t c, int64_t oy, int64_t ox,
                    Visit&& visit) {
  const int64_t top = oy * op.stride.h - op.pad.top, left = ox * op.stride.w - op.pad.left;
  for (int64_t y = std::max<int64_t>(top, 0); y < std::min(top + op.kernel.h, x.t.dim(2)); ++y)
    for (int64_t xx = std::max<int64_t>(left, 0); xx < std::min(left + op.kernel.w, x.t.dim(3)); ++xx)
      visit(x.at(n, c, y, xx));
}

void run(const MaxPool& op, const Inputs& in, Tensor& out) {
  const Image image{*in[0]};
  fill(out, [&](int64_t n, int64_t c, int64_t y, int64_t x) {
    float best = -std::numeric_limits<float>::infinity();
    each_in_window(op, image, n, c, y, x, [&](float v) { best = std::max(best, v); });
    return best;
  });
}

void run(const AvgPool& op, const Inputs& in, Tensor& out) {
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

void run(const GlobalAvgPool&, const Inputs& in, Tensor& out) {
  const auto plane = static_cast<size_t>(plane_of(in[0]->shape));
  for (size_t i = 0; i < out.size(); ++i) {
    double sum = 0;
    for (size_t p = 0; p < plane; ++p) sum += in[0]->data[i * plane + p];
    out.data[i] = static_cast<float>(sum / static_cast<double>(plane));
  }
}

void run(const Flatten&, const Inputs& in, Tensor& out) { out.data = in[0]->data; }
void run(const Dropout&, const Inputs& in, Tensor& out) { out.data = in[0]->data; }

void run(const Softmax&, const Inputs& in, Tensor& out) {
  const auto classes = static_cast<size_t>(out.dim(1)), plane = static_cast<size_t>(plane_of(out.shape));
  for (size_t n = 0; n < static_cast<size_t>(out.dim(0)); ++n)
    for (size_t p = 0; p < plane; ++p) {
      const auto index = [&](size_t c) { return (n * classes + c) * plane + p; };
      float largest = -std::numeric_limits<float>::infinity();
      for (size_t c = 0; c < classes; ++c) largest = std::max(largest, in[0]->data[index(c)]);
      double sum = 0;
      for (size_t c = 0; c < classes; ++c)
        sum += std::exp(static_cast<double>(in[0]->data[index(c)]) - largest);
      for (size_t c = 0; c < classes; ++c)
        out.data[index(c)] =
            static_cast<float>(std::exp(static_cast<double>(in[0]->data[index(c)]) - largest) / sum);
    }
}

void run(const Add&, const Inputs& in, Tensor& out) {
  for (size_t i = 0; i < out.size(); ++i) out.data[i] = in[0]->data[i] + in[1]->data[i];
}

void run(const Concat&, const Inputs& in, Tensor& out) {
  auto to = out.data.begin();
  for (int64_t n = 0; n < out.dim(0); ++n)
    for (const Tensor* x : in) {
      const int64_t image = static_cast<int64_t>(x->size()) / x->dim(0);
      to = std::copy_n(x->data.begin() + n * image, image, to);
    }
}

void run(const ChannelShuffle& op, const Inputs& in, Tensor& out) {
  const Image image{*in[0]};
  const int64_t per_group = out.dim(1) / op.groups;
  fill(out, [&](int64_t n, int64_t c, int64_t y, int64_t x) {
    return image.at(n, c % op.groups * per_group + c / op.groups, y, x);
  });
}

void run(const Lrn& op, const Inputs& in, Tensor& out) {
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

}  // namespace

Tensor evaluate(const Op& op, const std::vector<const Tensor*>& inputs, std::string_view node) {
  std::vector<Shape> shapes;
  for (const Tensor* input : inputs) shapes.push_back(input->shape);
  Tensor out(output_shape(op, shapes, node));
  std::visit([&](const auto& o) { run(o, inputs, out); }, op);
  return out;
}

std::vector<Tensor> evaluate(const Graph& graph, const std::vector<Tensor>& inputs) {
  require(inputs.size() == graph.inputs.size(), "graph ", graph.name, ": given ", inputs.size(),
          " inputs, takes ", graph.inputs.size());
  std::vector<Tensor> values(graph.values.size());
  for (ValueId id = 0; id < values.size(); ++id)
    if (graph.values[id].weight) values[id] = to_dense(*graph.values[id].weight);
  for (size_t i = 0; i < inputs.size(); ++i) values[graph.inputs[i]] = inputs[i];
  for (const Node& node : graph.nodes) {
    std::vector<const Tensor*> arguments;
    for (ValueId id : node.inputs) arguments.push_back(&values[id]);
    values[node.output] = evaluate(node.op, arguments, node_name(graph, node));
  }
  std::vector<Tensor> outputs;
  for (ValueId id : graph.outputs) outputs.push_back(values[id]);
  return outputs;
}

}  // namespace netsuke
